"""Where publishers and devices get their calls from: an address, or a transport that somebody else has."""

from unisono.client._wire.caller import RpcCaller
from unisono.client._wire.channel import Address
from unisono.client._wire.pool import STREAMS_PER_CONNECTION
from unisono.client._wire.retry import Backoff
from unisono.client._wire.tokens import Tokens, TokenSource
from unisono.client._wire.transport import GrpcTransport, Transport

Target = str | Transport


def create_transport(
    target: str,
    *,
    tls: bool = False,
    root_certificates: bytes | None = None,
    streams_per_connection: int = STREAMS_PER_CONNECTION,
) -> GrpcTransport:
    """A connection to HOST:PORT that publishers and devices may share; close it when they are closed.

    See `connect` for the rest. It belongs to the event loop that first uses it. All transports of a loop
    that are made alike share connections, each with at most `streams_per_connection` devices on it and
    calls on the first: lower it where a proxy allows fewer streams than Unisono, which allows 1,000.
    """
    address = Address(target=target, tls=tls, root_certificates=root_certificates)
    return GrpcTransport(address, streams_per_connection)


class Connection:
    """A caller, and the transport that is closed with it if it was made here."""

    def __init__(
        self,
        target: Target,
        token: TokenSource,
        *,
        tls: bool = False,
        root_certificates: bytes | None = None,
        backoff: Backoff,
    ) -> None:
        self._own: Transport | None = None
        tokens = Tokens(token)
        if isinstance(target, str):
            target = self._own = create_transport(target, tls=tls, root_certificates=root_certificates)
        elif not hasattr(target, "unary"):
            raise TypeError(f"target: must be HOST:PORT or a transport; is {target!r}")
        self.caller = RpcCaller(target, tokens, backoff)

    async def close(self) -> None:
        """Close the transport, if nobody else has it."""
        if self._own is not None:
            await self._own.close()
