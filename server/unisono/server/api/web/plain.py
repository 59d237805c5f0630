"""Answers by a line of text, for whoever looks at the port, or took a wrong turn."""

import asyncio
from contextlib import suppress
from typing import Final

from unisono.server.api.http.exchange import Exchange, Headers

_SKIPPED: Final = 16 * 1024
_PATIENCE: Final = 1.0
"""Bytes of a body that are waited for, and for how many seconds."""


async def say(exchange: Exchange, status: int, text: bytes, headers: Headers = ()) -> None:
    """Answer a request with a line of text."""
    headers = (
        *headers,
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(text)),
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
