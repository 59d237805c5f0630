"""Connects publishers and devices: to an address, or through a transport that the caller owns."""

from typing import Unpack

from unisono.client._errors import Unauthenticated
from unisono.client._wire import environment
from unisono.client._wire.address import ConnectionOptions
from unisono.client._wire.caller import RpcCaller
from unisono.client._wire.environment import address_of
from unisono.client._wire.pool import STREAMS_PER_CONNECTION
from unisono.client._wire.retry import Backoff
from unisono.client._wire.tokens import Tokens, TokenSource
from unisono.client._wire.transport import GrpcTransport, Transport

Target = str | Transport


def create_transport(
    target: str | None = None,
    *,
    streams_per_connection: int = STREAMS_PER_CONNECTION,
    **connection: Unpack[ConnectionOptions],
) -> GrpcTransport:
    """Return a transport to HOST:PORT that publishers and devices may share. Close it after them.

    See `ConnectionOptions` for the other keywords, and `create_channel`. Nothing is connected before the
    first call, which also binds the transport to its event loop: calls from another loop raise
    `RuntimeError`. Transports of a loop with equal arguments share their connections. Each connection carries
    at most `streams_per_connection` devices, the first a tenth of that and all calls; lower it where a proxy
    allows fewer streams than Unisono, which allows 1,000. Raises `ValueError` for a target that is no
    address, for certificates that are no PEM, and for less than one stream.
    """
    return GrpcTransport(address_of(target, connection), streams_per_connection)


class Connection:
    """An `RpcCaller` on a transport, which `close` closes if it was made here.

    Without `target` or `token` they are those of the environment.

    Raises `ValueError` for a wrong address or certificate, `TypeError` for a wrong keyword, for a `target` or
    `token` of a wrong type, and `Unauthenticated` for a token with characters that no token has.
    """

    def __init__(
        self,
        target: Target | None,
        token: TokenSource | None,
        connection: ConnectionOptions,
        *,
        backoff: Backoff,
    ) -> None:
        self._own: Transport | None = None
        if target is None or isinstance(target, str):
            target = self._own = create_transport(target, **connection)
        elif not hasattr(target, "unary"):
            raise TypeError(f"target: must be HOST:PORT or a transport; is {target!r}")
        elif connection:
            raise TypeError(f"{next(iter(connection))}: a transport has its own; give it to create_transport")
        self.caller = RpcCaller(target, _tokens(token), backoff)

    async def close(self) -> None:
        """Close the transport if it was made here: one of the caller's stays open. May be called twice.

        A call of the provider of tokens that is under way ends for those who wait for it.
        """
        self.caller.tokens.close()
        self.caller.outages.leave()
        self.caller.stream_outages.leave()
        if self._own is not None:
            await self._own.close()


def _tokens(token: TokenSource | None) -> Tokens:
    """Return the tokens of a program, or the one of the environment where `token` is None.

    Raises `ValueError` where there is none, and what `Tokens` raises.
    """
    if token is not None:
        return Tokens(token)
    try:
        return Tokens(environment.token())
    except Unauthenticated as error:
        message = error.message.replace("token:", f"{environment.variable('token')}:", 1)
        raise Unauthenticated(message, reason=error.reason) from None
