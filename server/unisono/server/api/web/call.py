"""What all calls of the web have in common."""

from typing import ClassVar, Final

from unisono.server.api.call import Metadata
from unisono.server.api.http.exchange import Exchange, Header, Headers
from unisono.server.api.rpc.call import ExchangeCall
from unisono.server.api.rpc.codec import Codec

NO_STORE: Final[tuple[Header, ...]] = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
"""What every answer says: it is its user's alone, and what it says it is."""

UNBUFFERED: Final[Header] = (b"x-accel-buffering", b"no")
"""Has nginx pass on each message of a stream when it comes."""


class WebCall(ExchangeCall):
    """A call that a browser may have made: its answers begin with the headers `leading`."""

    __slots__ = ("_leading", "_origin")

    transport: ClassVar[str] = "web"

    def __init__(
        self,
        exchange: Exchange,
        metadata: Metadata,
        leading: Headers,
        *,
        gzip: bool,
        codec: Codec | None = None,
    ) -> None:
        super().__init__(exchange, metadata, gzip=gzip, codec=codec)
        self._leading = leading
        named = [str(value) for key, value in metadata if key == "origin"]
        # Several are none that anybody has.
        self._origin = ", ".join(named) if named else None

    def _respond(self, status: int, headers: Headers) -> None:
        """Begin the answer. An open stream is not to keep what it was asked with."""
        leading, self._leading, self._origin = self._leading, (), None
        self._exchange.respond(status, (*leading, *headers))

    @property
    def origin(self) -> str | None:
        """See `Call.origin`."""
        return self._origin
