"""How requests and connections of HTTP/1.1 live and end: in time, in measure, and with their clients."""

import asyncio

import pytest
from structlog.testing import capture_logs

from tests.http.listening import Held, body_of, echo, full_turn, listening
from tests.http.manual_clock import ManualClock
from unisono.server.api.http.exchange import ClientGone, Exchange
from unisono.server.api.http.http1_connection import MOST_UNREAD

HEAD = b"host: test\r\n"
#: The end of a response of `echo`, whose last chunk has a trailer.
END = b"x-end: yes\r\n\r\n"


async def test_requests_that_come_early_do_not_pile_up() -> None:
    held, size = Held(), 20_000_000
    async with listening(held) as served:
        _, writer = await served.open()
        asked = b"GET / HTTP/1.1\r\n" + HEAD + b"\r\n"
        writer.write(asked * (size // len(asked)))
        assert await unsent(writer) > size // 2


async def unsent(writer: asyncio.StreamWriter) -> int:
    """Wait until a listener takes no more, and return how much is left."""
    left = -1
    while left != writer.transport.get_write_buffer_size():
        left = writer.transport.get_write_buffer_size()
        for _ in range(500):
            await asyncio.sleep(0)
    return left


async def test_a_response_that_fails_half_way_is_seen_to_be_incomplete() -> None:
    async def fail(exchange: Exchange) -> None:
        exchange.respond(200, ())
        await exchange.write(b"half")
        raise ValueError

    with capture_logs():
        async with listening(fail) as served:
            reader, writer = await served.open()
            writer.write(b"GET / HTTP/1.1\r\n" + HEAD + b"\r\n")
            answered = await reader.read()
    assert not answered.endswith(b"0\r\n\r\n")


async def test_a_client_that_goes_cancels_who_handles_its_request() -> None:
    held = Held()
    async with listening(held) as served:
        _, writer = await served.open()
        writer.write(b"GET / HTTP/1.1\r\n" + HEAD + b"\r\n")
        await held.begun.wait()
        writer.close()
        await held.cancelled.wait()


async def test_writing_to_a_client_that_is_gone_says_so() -> None:
    begun, gone = asyncio.Event(), asyncio.Event()

    async def write_late(exchange: Exchange) -> None:
        exchange.respond(200, ())
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            with pytest.raises(ClientGone):
                await exchange.write(b"late")
            with pytest.raises(ClientGone):
                await exchange.read()
            exchange.respond(200, ())
            exchange.finish()
            gone.set()

    async with listening(write_late) as served:
        _, writer = await served.open()
        writer.write(b"GET / HTTP/1.1\r\n" + HEAD + b"\r\n")
        await begun.wait()
        writer.close()
        await gone.wait()


async def test_who_writes_beside_the_handler_learns_that_the_client_is_gone() -> None:
    told = asyncio.Event()

    async def write(exchange: Exchange) -> None:
        try:
            while True:
                await exchange.write(bytes(100_000))
        except ClientGone:
            told.set()

    async def beside(exchange: Exchange) -> None:
        exchange.respond(200, ())
        writing = asyncio.create_task(write(exchange))
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await writing

    async with listening(beside) as served:
        reader, writer = await served.open(receive_buffer=4096)
        writer.write(b"GET / HTTP/1.1\r\n" + HEAD + b"\r\n")
        await reader.readexactly(1000)
        writer.transport.abort()
        await told.wait()


async def test_a_body_that_breaks_the_rules_ends_a_response_that_has_begun() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def answer_early(exchange: Exchange) -> None:
        exchange.respond(200, ())
        begun.set()
        try:
            await body_of(exchange)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with listening(answer_early) as served:
        reader, writer = await served.open()
        writer.write(b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n" + HEAD + b"\r\n")
        await begun.wait()
        writer.write(b"nonsense\r\n")
        await cancelled.wait()
        assert not (await reader.read()).endswith(b"0\r\n\r\n")


async def test_a_body_is_taken_as_it_is_read() -> None:
    wants = asyncio.Event()
    size = 20_000_000

    async def read_late(exchange: Exchange) -> None:
        await wants.wait()
        body = await body_of(exchange)
        exchange.respond(200, ())
        await exchange.write(b"%d" % len(body))
        exchange.finish()

    async with listening(read_late) as served:
        reader, writer = await served.open()
        writer.write(
            b"POST / HTTP/1.1\r\nconnection: close\r\ncontent-length: %d\r\n" % size + HEAD + b"\r\n"
        )
        writer.write(bytes(size))
        assert await unsent(writer) > size // 2
        wants.set()
        assert b"%d" % size in await reader.read()


async def test_a_body_in_chunks_goes_on_where_the_head_of_a_chunk_was_not_there_yet() -> None:
    wants = asyncio.Event()

    async def read_late(exchange: Exchange) -> None:
        if exchange.method == b"POST":
            await wants.wait()
        await echo(exchange)

    async with listening(read_late) as served:
        reader, writer = await served.open()
        # Given as much of a body as may wait to be read
        head = b"POST / HTTP/1.1\r\nconnection: close\r\ntransfer-encoding: chunked\r\n" + HEAD + b"\r\n"
        writer.write(head + b"%x\r\n" % MOST_UNREAD + bytes(MOST_UNREAD) + b"\r\n")
        await writer.drain()
        await full_turn(served)
        # When a byte comes beyond that, and half of what comes before the next ones
        writer.write(b"1\r\nx\r\n4")
        await full_turn(served)
        wants.set()
        writer.write(b"\r\nlast\r\n0\r\n\r\n")
        # Then all of it is read
        assert b"xlast" in await reader.read()


async def test_a_head_that_does_not_come_in_time_is_answered_so() -> None:
    clock = ManualClock()
    async with listening(echo, clock) as served:
        reader, writer = await served.open()
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\n" + HEAD + b"\r\n")
            await reader.readuntil(END)
            clock.advance(100)
        writer.write(b"GET / HTTP/1.1\r\n")
        await full_turn(served)
        clock.advance(14.9)
        writer.write(b"x: y\r\n")
        await full_turn(served)
        clock.advance(0.1)
        assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
        assert +served.metrics.timed_out == {"handshake": 1}


async def test_a_connection_without_requests_is_closed_after_a_while() -> None:
    clock = ManualClock()
    async with listening(echo, clock, connection_idle=120) as served:
        reader, writer = await served.open()
        writer.write(b"GET / HTTP/1.1\r\n" + HEAD + b"\r\n")
        await reader.readuntil(END)
        clock.advance(119)
        assert served.listener.connections == 1
        clock.advance(1)
        assert await reader.read() == b""


async def test_a_body_that_does_not_go_on_ends_its_request() -> None:
    cancelled = asyncio.Event()

    async def read(exchange: Exchange) -> None:
        try:
            await body_of(exchange)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    clock = ManualClock()
    async with listening(read, clock, keepalive_time=60, ping_timeout=20) as served:
        _, writer = await served.open()
        writer.write(b"POST / HTTP/1.1\r\ncontent-length: 10\r\n" + HEAD + b"\r\n")
        await full_turn(served)
        for _ in range(3):
            clock.advance(79)
            writer.write(b".")
            await full_turn(served)
        assert not cancelled.is_set()
        clock.advance(80)
        await cancelled.wait()
        assert +served.metrics.timed_out == {"body": 1}


async def test_a_request_that_is_thought_about_is_not_ended() -> None:
    held, clock = Held(), ManualClock()
    async with listening(held, clock, keepalive_time=60, ping_timeout=20) as served:
        reader, writer = await served.open()
        writer.write(b"POST / HTTP/1.1\r\ncontent-length: 2\r\n" + HEAD + b"\r\n")
        await held.begun.wait()
        clock.advance(1000)
        held.released.set()
        for _ in range(5):
            await asyncio.sleep(0)
        # It is waited for from now on.
        clock.advance(79)
        writer.write(b"hi")
        assert b"POST / hi" in await reader.readuntil(END)


async def test_an_old_connection_is_closed_after_its_request() -> None:
    held, clock = Held(), ManualClock()
    async with listening(held, clock, connection_age=3600) as served:
        reader, writer = await served.open()
        writer.write(b"GET / HTTP/1.1\r\n" + HEAD + b"\r\n")
        await held.begun.wait()
        clock.advance(4000)
        held.released.set()
        answered = await reader.read()
        assert b"connection: close\r\n" in answered.lower()
        assert answered.endswith(END)
