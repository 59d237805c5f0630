"""Attacks by frames that are no requests, and by requests that are no calls."""

import asyncio
from functools import partial
from itertools import cycle, islice
from typing import Final

from tests.support.attacks.strangers import SEND, Begun, again
from tests.support.http2 import frames
from tests.support.http2.call import request_headers
from tests.support.http2.stranger import Stranger, Target

#: Frames that are written at a time.
_AT_ONCE: Final = 1000

#: Connections that flood at a time, and that ask for pages.
_FLOODING: Final = 16
_BROWSING: Final = 100

#: Requests that are written at a time, without waiting for their answers.
_PIPELINED: Final = 100

#: What is sent on and on, after a request on stream 1 that is reset.
_USELESS: Final = (
    frames.frame(frames.PING, 0, 0, bytes(8)),
    frames.frame(frames.SETTINGS, 0, 0, b""),
    frames.frame(frames.PRIORITY, 0, 1, bytes(5)),
    frames.more_room(0, 1),
    frames.given_up(1),
    frames.frame(frames.DATA, 0, 1, b""),
    frames.frame(frames.DATA, 0, 1, b"x"),
    frames.frame(frames.CONTINUATION, 0, 3, b""),
)


async def floods(target: Target, begun: Begun) -> None:
    """Send frames that bring nothing, of each kind on connections of its own, one after another."""
    kinds = [partial(_flood, target, begun, useless) for useless in _USELESS]
    await asyncio.gather(*(again(kind, begun) for kind in islice(cycle(kinds), _FLOODING)))


async def _flood(target: Target, begun: Begun, useless: bytes) -> None:
    stranger = await Stranger.open(target)
    stranger.say(frames.given_up(stranger.ask(SEND)))
    if useless[3] == frames.CONTINUATION:
        # A block that begins, and has no end.
        block = request_headers(SEND, "unisono.test", "")
        stranger.say(frames.frame(frames.HEADERS, 0, 3, block))
    while not stranger.closed.is_set():
        stranger.say(useless * _AT_ONCE)
        begun()
        await stranger.drained()


async def pages(target: Target, begun: Begun) -> None:
    """Ask for pages by HTTP/1.1 on many connections, as fast as they are answered."""
    await asyncio.gather(*(again(partial(_browse, target, begun), begun) for _ in range(_BROWSING)))


async def _browse(target: Target, begun: Begun) -> None:
    host, port = target.address.rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port), local_addr=(target.source, 0))
    asked = f"GET / HTTP/1.1\r\nhost: {target.address}\r\n\r\n".encode() * _PIPELINED
    try:
        while True:
            writer.write(asked)
            begun()
            for _ in range(_PIPELINED):
                await reader.readuntil(b"gRPC.\n")
    except asyncio.IncompleteReadError:
        return
    finally:
        writer.transport.abort()
