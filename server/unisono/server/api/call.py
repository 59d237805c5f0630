"""What a transport offers the pipeline: one call of gRPC, whatever carries it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple, NoReturn, Protocol, TypeAlias

import grpc

from unisono.server.model.client_certificate import ClientCertificate

Metadata: TypeAlias = Iterable[tuple[str, str | bytes]]


class Call(Protocol):
    """One call. Its headers are there when it begins; nothing of its body has been read.

    Where the client cancels it, or its deadline passes, the task that handles it is cancelled. `transport`
    names what carries it. `aborted` is the exception that `abort` raises, `gone` the one of a write to a
    client whose connection broke.
    """

    transport: ClassVar[str]
    aborted: ClassVar[type[Exception]]
    gone: ClassVar[type[Exception]]

    @property
    def metadata(self) -> Metadata:
        """The metadata that came with the call; values of keys that end in "-bin" are bytes.

        It may be gone once a response was written: an open stream is not to keep it.
        """

    def peer(self) -> str:
        """Return which connection it came by: "ipv4:ADDRESS:PORT", "ipv6:[ADDRESS]:PORT" or "unix:"."""

    @property
    def is_local(self) -> bool:
        """Whether it came from this machine, by loopback or a unix socket, and no proxy names a client."""

    @property
    def client_certificate(self) -> ClientCertificate | None:
        """The certificate that the client has shown, and that is trusted; None without."""

    @property
    def origin(self) -> str | None:
        """Which web page calls, as its browser says (RFC 6454); None for whatever no browser can speak."""

    def known(self) -> None:
        """Know that the caller has shown who he is: only strangers are bounded by their address."""

    async def read(self, limit: int) -> bytes | None:
        """Return the next request, encoded; None when the client sends no more.

        Raises `RequestTooLarge` beyond `limit` bytes, which a transport of our own does not even receive.
        """

    @property
    def write(self) -> Callable[[bytes], Awaitable[None]]:
        """Sends a response; waits while the client does not read those before."""

    @property
    def code(self) -> grpc.StatusCode:
        """The code with which it was ended; OK as long as it was not."""

    def set_trailing_metadata(self, metadata: Sequence[tuple[str, str | bytes]]) -> None:
        """Say what comes with the status OK."""

    async def abort(
        self, code: grpc.StatusCode, message: str, trailing_metadata: Sequence[tuple[str, str | bytes]] = ()
    ) -> NoReturn:
        """End the call with a status that is not OK. Raises `aborted`, which has to reach the transport."""


class Rpc(NamedTuple):
    """A method as transports serve it: `handle` returns its one response, or None where it wrote by itself.

    `streaming` says that it may write many.
    """

    handle: Callable[[Call], Awaitable[bytes | None]]
    streaming: bool = False


Rpcs: TypeAlias = Mapping[str, Rpc]
"""The methods of a service by name."""
