"""The headers of responses. Constant ones stay the same objects, since their encoding is remembered."""

from collections.abc import Sequence
from typing import Final

import grpc

from unisono.server.api.grpc import percent
from unisono.server.api.http.exchange import Exchange, Header
from unisono.server.api.rpc import metadata

CONTENT_TYPE: Final[Header] = (b"content-type", b"application/grpc")

HEADERS: Final[tuple[Header, ...]] = (CONTENT_TYPE,)
"""The headers before the first message."""

JSON_HEADERS: Final[tuple[Header, ...]] = ((b"content-type", b"application/grpc+json"),)
"""Those of messages in JSON."""

ACCEPTED: Final = (("grpc-accept-encoding", "identity,gzip"),)
"""What a client is told whose encoding nobody knows."""

_OK: Final[Header] = (b"grpc-status", b"0")
_ONLY_OK: Final = (_OK,)
_STATUS: Final[dict[grpc.StatusCode, Header]] = {
    code: (b"grpc-status", str(code.value[0]).encode()) for code in grpc.StatusCode
}


def ok(trailing: Sequence[tuple[str, str | bytes]]) -> tuple[Header, ...]:
    """Return the trailers of a call that succeeded."""
    return (_OK, *metadata.sent(trailing)) if trailing else _ONLY_OK


def failed(
    code: grpc.StatusCode, message: str, trailing: Sequence[tuple[str, str | bytes]]
) -> tuple[Header, ...]:
    """Return the trailers of a call that failed."""
    text = ((b"grpc-message", percent.encoded(message)),) if message else ()
    return (_STATUS[code], *text, *metadata.sent(trailing))


async def refuse(
    exchange: Exchange, code: grpc.StatusCode, message: str, metadata: Sequence[tuple[str, str | bytes]] = ()
) -> None:
    """End a call that does not even begin, by its trailers alone."""
    exchange.respond(200, (CONTENT_TYPE, *failed(code, message, metadata)), end=True)
