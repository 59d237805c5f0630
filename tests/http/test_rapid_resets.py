"""Who resets requests as fast as it sends them gets no further than who waits (CVE-2023-44487)."""

import asyncio

from tests.http.http2_client import request
from tests.http.listening import Reluctant, come_true, listening
from tests.support.http2 import frames
from tests.support.http2.frames import DATA, HEADERS, RST_STREAM, first_number
from unisono.server.api.http.exchange import Exchange
from unisono.server.api.http.h2.errors import ErrorCode
from unisono.server.api.http.h2.state import Http2Limits


def reset_at_once(*stream_ids: int) -> bytes:
    return b"".join(request(stream_id) + frames.given_up(stream_id) for stream_id in stream_ids)


async def test_each_is_begun() -> None:
    handler = Reluctant()
    handler.released.set()
    async with listening(handler) as served:
        client = await served.connect()
        client.say(reset_at_once(*range(1, 41, 2)))

        await come_true(lambda: handler.begun == 20 and not handler.running)


async def test_there_are_no_more_at_a_time_than_streams() -> None:
    # Given room for four, and a client that resets twenty.
    handler = Reluctant()
    async with listening(handler, limits=Http2Limits(max_streams=4)) as served:
        client = await served.connect()
        client.say(reset_at_once(*range(1, 41, 2)))
        await client.round_trip()
        client.ask(41)
        refused = await client.until(RST_STREAM, 41)
        begun, most = handler.begun, handler.most
        handler.released.set()
        # Then four are handled, until they have ended.
        assert first_number(refused.payload) == ErrorCode.REFUSED_STREAM
        assert (begun, most) == (4, 4)
        await come_true(lambda: not handler.running)
        # Their places are free a turn of the loop later.
        await client.round_trip()
        client.ask(43)
        await come_true(lambda: handler.begun == 5)
        assert not [one for one in client.seen if one.kind == HEADERS]


async def test_one_that_is_handled_gives_its_place_up_at_once() -> None:
    # Given room for one, and a response that is finished, and waits for a window.
    finished = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        exchange.respond(200, ())
        await exchange.write(bytes(frames.WINDOW + 1))
        exchange.finish()
        finished.set()

    async with listening(answer, limits=Http2Limits(max_streams=1)) as served:
        client = await served.connect()
        client.ask(1)
        await client.until(DATA, 1)
        await finished.wait()
        client.ask(3)
        await client.until(RST_STREAM, 3)
        # When the client resets it, and that was read.
        client.say(frames.given_up(1))
        await client.round_trip()
        client.ask(5)
        # Then there is room again.
        await client.until(HEADERS, 5)
