"""Requests of HTTP/2 and their responses, on real sockets."""

import asyncio

from tests.http.http2_client import request
from tests.http.listening import echo, listening
from tests.support.http2 import frames
from tests.support.http2.frames import (
    DATA,
    END_STREAM,
    GOAWAY,
    HEADERS,
    RST_STREAM,
    WINDOW_UPDATE,
    first_number,
)
from unisono.server.api.http.exchange import Exchange

INTERNAL_ERROR = 2


async def test_answers_with_headers_body_and_trailers() -> None:
    async with listening(echo) as served:
        client = await served.connect()

        client.ask(1, b"/a?b", end=False)
        client.send(DATA, 0, 1, b"one ")
        client.send(DATA, END_STREAM, 1, b"two")

        assert await client.headers(1) == {":status": "200", "content-type": "text/plain"}
        assert (await client.until(DATA, 1)).payload == b"POST /a?b one two"
        assert await client.headers(1) == {"x-end": "yes"}


async def test_shows_a_handler_the_request() -> None:
    seen: list[Exchange] = []

    async def look(exchange: Exchange) -> None:
        seen.append(exchange)
        assert exchange.headers == ((b"te", b"trailers"),)
        assert exchange.authority == b"test"
        exchange.respond(204, (), end=True)

    async with listening(look) as served:
        client = await served.connect()
        client.ask(1, b"/x")
        await client.until(HEADERS, 1, flags=END_STREAM)

    [exchange] = seen
    assert (exchange.version, exchange.method, exchange.path) == ("2", b"POST", b"/x")
    assert exchange.peer.startswith("ipv4:127.0.0.1:")
    # An open stream is not to keep them: its token is the longest that it has.
    assert exchange.headers == ()
    assert exchange.authority == b""


async def test_answers_streams_that_run_at_the_same_time() -> None:
    together = asyncio.Barrier(3)

    async def meet(exchange: Exchange) -> None:
        await together.wait()
        await echo(exchange)

    async with listening(meet) as served:
        client = await served.connect()
        client.say(b"".join(request(stream_id) for stream_id in (1, 3, 5)))
        ended = {
            (await client.until(HEADERS, stream_id, flags=END_STREAM)).stream_id for stream_id in (1, 3, 5)
        }

    assert ended == {1, 3, 5}


async def test_makes_room_for_more_of_a_body_once_a_handler_read_it() -> None:
    wants = asyncio.Event()

    async def read_late(exchange: Exchange) -> None:
        await wants.wait()
        await echo(exchange)

    async with listening(read_late) as served:
        client = await served.connect()
        await client.round_trip()
        client.ask(1, end=False)
        for _ in range(3):
            client.send(DATA, 0, 1, bytes(16_000))

        assert not [frame for frame in await client.round_trip() if frame.kind == WINDOW_UPDATE]

        wants.set()
        assert first_number((await client.until(WINDOW_UPDATE, 1)).payload) == 48_000


async def test_the_room_of_bodies_that_nobody_reads_is_given_back() -> None:
    """Altogether more than the window of the connection, 1 MiB."""
    arrived = {stream_id: asyncio.Event() for stream_id in range(1, 63, 2)}

    async def refuse(exchange: Exchange) -> None:
        """What came before a request has arrived when that is handled."""
        number = int(exchange.path[1:])
        if number > 1:
            arrived[number - 2].set()
        await arrived[number].wait()
        exchange.respond(413, (), end=True)

    async with listening(refuse) as served:
        client = await served.connect()
        client.ask(1, b"/1", end=False)
        for stream_id in range(1, 61, 2):
            for _ in range(4):
                client.send(DATA, 0, stream_id, bytes(16_000))
            client.ask(stream_id + 2, b"/%d" % (stream_id + 2), end=False)
            reset = await client.until(RST_STREAM, stream_id)
            assert first_number(reset.payload) == frames.NO_ERROR


async def test_padding_takes_no_room_for_long() -> None:
    async with listening(echo) as served:
        client = await served.connect()
        client.ask(1, end=False)
        client.send(DATA, 0, 1, bytes(16_000))
        await client.round_trip()
        for _ in range(70):
            client.send(DATA, 0x8, 1, bytes([255]) + bytes(255))
        assert first_number((await client.until(WINDOW_UPDATE, 1)).payload) >= 32_768


async def test_a_handler_waits_while_the_client_makes_no_room() -> None:
    written = 0

    async def pour(exchange: Exchange) -> None:
        nonlocal written
        exchange.respond(200, ())
        for _ in range(40):
            await exchange.write(bytes(16_384))
            written += 1
        exchange.finish()

    async with listening(pour) as served:
        client = await served.connect()
        client.ask(1)
        for _ in range(4):
            await client.until(DATA, 1)
        await client.round_trip()
        # What the window has room for, and what may wait besides.
        assert written == 7

        client.say(frames.more_room(0, 1 << 20) + frames.more_room(1, 1 << 20))
        await client.until(DATA, 1, flags=END_STREAM)
    assert written == 40


async def test_a_response_that_is_finished_goes_out_as_room_is_made() -> None:
    async def pour(exchange: Exchange) -> None:
        exchange.respond(200, ())
        await exchange.write(bytes(100_000))
        exchange.finish(((b"x-end", b"yes"),))

    async with listening(pour) as served:
        client = await served.connect()
        client.ask(1)
        await client.until(DATA, 1)
        client.say(frames.more_room(0, 1 << 20) + frames.more_room(1, 1 << 20))
        await client.until(HEADERS, 1, flags=END_STREAM)


async def test_a_connection_that_drains_ends_with_what_waited_on_it() -> None:
    async def pour(exchange: Exchange) -> None:
        exchange.respond(200, ())
        await exchange.write(bytes(100_000))
        exchange.finish()

    async with listening(pour) as served:
        client = await served.connect()
        client.ask(1)
        await client.until(DATA, 1)
        served.listener.drain()
        for _ in range(2):
            await client.until(GOAWAY)
        client.say(frames.more_room(0, 1 << 20) + frames.more_room(1, 1 << 20))
        await client.until(DATA, 1, flags=END_STREAM)
        await client.rest()


async def test_room_that_is_made_in_small_steps_is_used_at_once() -> None:
    async def pour(exchange: Exchange) -> None:
        exchange.respond(200, ())
        await exchange.write(bytes(66_000))
        exchange.finish()

    async with listening(pour) as served:
        client = await served.connect()
        client.say(frames.more_room(0, 1 << 20))
        client.ask(1)
        for _ in range(4):
            await client.until(DATA, 1)
        client.say(frames.more_room(1, 300) * 2)
        await client.until(DATA, 1, flags=END_STREAM)


async def test_what_answers_head_has_no_body() -> None:
    async with listening(echo) as served:
        client = await served.connect()
        client.ask(1, method=b"HEAD")
        while not any(frame.stream_id == 1 and frame.flags & END_STREAM for frame in client.seen):
            assert await client.receive()
    assert [frame.kind for frame in client.seen if frame.stream_id == 1] == [HEADERS, HEADERS]
