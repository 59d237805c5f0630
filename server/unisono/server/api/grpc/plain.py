"""Answers what is not gRPC by a line of text, for whoever looks at the port with something else."""

import asyncio
from contextlib import suppress
from typing import Final

from unisono.server.api.http.exchange import Exchange, Header

_SKIPPED: Final = 16 * 1024
_PATIENCE: Final = 1.0
"""Bytes of a body that are waited for, and for how many seconds."""

_LINE: Final = b"This is Unisono, a notification service: it speaks gRPC.\n"
_NOTHING: Final = b"There is nothing here: this is Unisono, which speaks gRPC.\n"
_TYPE: Final = b"This is a method of gRPC: it takes application/grpc.\n"
_VERSION: Final = b"This is a method of gRPC: it takes HTTP/2.\n"
_POST: Final = b"This is a method of gRPC: it takes POST.\n"
_GET: Final = b"This takes GET.\n"


async def answer(exchange: Exchange, *, is_method: bool) -> None:
    """Answer a request that is no call. `is_method` says whether its path names a method of gRPC."""
    status, text, allow = _answer(
        exchange.method, exchange.path.partition(b"?")[0], exchange.version, is_method
    )
    headers: tuple[Header, ...] = (
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(text)),
        *(((b"allow", allow),) if allow else ()),
    )
    await _skip_body(exchange)
    if exchange.method == b"HEAD":
        exchange.respond(status, headers, end=True)
        return
    exchange.respond(status, headers)
    await exchange.write(text)
    exchange.finish()


async def _skip_body(exchange: Exchange) -> None:
    """Wait for a small body: older clients lose an answer that comes before they have sent it."""
    left = _SKIPPED
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while left > 0 and (part := await exchange.read()):
                left -= len(part)


def _answer(method: bytes, path: bytes, version: str, is_method: bool) -> tuple[int, bytes, bytes]:
    """Return a status, a line of text, and which methods are allowed instead."""
    if path == b"/":
        return (200, _LINE, b"") if method in (b"GET", b"HEAD") else (405, _GET, b"GET, HEAD")
    if not is_method:
        return 404, _NOTHING, b""
    if method != b"POST":
        return 405, _POST, b"POST"
    # What gRPC over HTTP2 asks for, so that no client of something else takes the answer for its own.
    return (415, _TYPE, b"") if version == "2" else (505, _VERSION, b"")
