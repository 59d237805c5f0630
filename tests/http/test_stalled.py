"""Clients that do not read what waits for them are ended; the others go on."""

import asyncio
import ssl
from pathlib import Path
from typing import cast

import pytest

from tests.http.authority import Authority
from tests.http.http2_client import request
from tests.http.listening import Served, at_rest, come_true, echo, listening
from tests.http.manual_clock import ManualClock
from tests.support.http2 import frames
from tests.support.http2.frames import DATA, END_STREAM, HEADERS, RST_STREAM, first_number
from unisono.server.api.http.exchange import Exchange


class Pouring:
    """Handles an exchange by sending without an end; other paths than / are echoed."""

    def __init__(self) -> None:
        self.cancelled = asyncio.Event()
        self.written = 0

    async def __call__(self, exchange: Exchange) -> None:
        if exchange.path != b"/":
            return await echo(exchange)
        exchange.respond(200, ())
        try:
            while True:
                await exchange.write(bytes(16_384))
                self.written += 1
                await asyncio.sleep(0)
        finally:
            self.cancelled.set()


async def test_a_stream_that_is_not_read_is_ended_and_the_connection_goes_on() -> None:
    pouring, clock = Pouring(), ManualClock()
    async with listening(pouring, clock, stalled_write=60) as served:
        client = await served.connect()
        # Only the stream is full, the connection has room.
        client.say(frames.more_room(0, 1 << 20))
        client.ask(1)
        for _ in range(4):
            await client.until(DATA, 1)
        await client.round_trip()
        clock.advance(59)
        assert not [frame for frame in await client.round_trip() if frame.kind == RST_STREAM]

        clock.advance(1)

        assert first_number((await client.until(RST_STREAM, 1)).payload) == frames.CANCEL
        await pouring.cancelled.wait()
        assert +served.metrics.timed_out == {"stream_reader": 1}
        client.ask(3, b"/other")
        await client.until(HEADERS, 3, flags=END_STREAM)


async def test_a_stream_that_is_read_slowly_is_not_ended() -> None:
    pouring, clock = Pouring(), ManualClock()
    async with listening(pouring, clock, stalled_write=60, keepalive_time=3600) as served:
        client = await served.connect()
        client.say(frames.more_room(0, 1 << 20))
        client.ask(1)
        for _ in range(4):
            await client.until(DATA, 1)
        await client.round_trip()
        for _ in range(5):
            clock.advance(59)
            client.say(frames.more_room(1, 1000))
            await client.until(DATA, 1)
        assert not pouring.cancelled.is_set()

        clock.advance(60)
        await client.until(RST_STREAM, 1)


async def test_a_finished_response_that_is_not_taken_is_ended() -> None:
    async def pour(exchange: Exchange) -> None:
        exchange.respond(200, ())
        await exchange.write(bytes(100_000))
        exchange.finish()

    clock = ManualClock()
    async with listening(pour, clock, stalled_write=60) as served:
        client = await served.connect()
        client.ask(1)
        for _ in range(4):
            await client.until(DATA, 1)
        await client.round_trip()
        clock.advance(60)
        assert first_number((await client.until(RST_STREAM, 1)).payload) == frames.CANCEL


async def unread(
    served: Served, receive_buffer: int = 4096, tls: ssl.SSLContext | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection of which nothing is read."""
    reader, writer = await served.open(receive_buffer=receive_buffer, tls=tls)
    cast("asyncio.Transport", writer.transport).pause_reading()
    return reader, writer


def ask(writer: asyncio.StreamWriter, version: str) -> None:
    """Ask for a response without an end, and make room for much of it."""
    if version.startswith("2"):
        writer.write(frames.greeting() + frames.more_room(0, 1 << 30))
        writer.write(frames.frame(frames.SETTINGS, frames.ACK, 0, b""))
        writer.write(request(1) + frames.more_room(1, 1 << 30))
    else:
        writer.write(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")


async def full(served: Served, pouring: Pouring) -> None:
    """Wait until a handler can write no more."""
    await at_rest(served, lambda: pouring.written)


@pytest.mark.parametrize("version", ["1.1", "2", "2 over TLS"])
async def test_a_socket_that_takes_nothing_is_closed(version: str, tmp_path: Path) -> None:
    pouring, clock = Pouring(), ManualClock()
    authority = Authority(tmp_path) if version.endswith("TLS") else None
    certificate, tls = (None, None) if authority is None else (authority.certificate, authority.client())
    async with listening(
        pouring, clock, certificate=certificate, stalled_write=60, keepalive_time=40, ping_timeout=5
    ) as served:
        _, writer = await unread(served, tls=tls)
        ask(writer, version)
        await come_true(lambda: pouring.written)
        await full(served, pouring)

        clock.advance(59)
        await asyncio.sleep(0)
        assert not pouring.cancelled.is_set()
        clock.advance(31)

        await pouring.cancelled.wait()
        await come_true(lambda: not served.listener.connections)
        assert +served.metrics.timed_out == {"reader": 1}


async def test_a_stream_is_not_ended_since_the_socket_is_slow() -> None:
    size, small = 20_000_000, asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        exchange.respond(200, ())
        if exchange.path == b"/":
            await exchange.write(bytes(size))
        else:
            await exchange.write(b"small")
            small.set()
        exchange.finish()

    clock = ManualClock()
    async with listening(answer, clock, stalled_write=60, keepalive_time=30) as served:
        client = await served.connect()
        client.say(frames.more_room(0, 1 << 30))
        client.ask(1)
        client.say(frames.more_room(1, 1 << 30))
        await client.until(DATA, 1)
        # All of it waits for the socket, and what is small after it.
        client.ask(3, b"/small")
        await small.wait()
        taken = 0
        for _ in range(3):
            clock.advance(40)
            until = taken + 5_000_000
            while taken < until:
                taken += len((await client.until(DATA, 1)).payload)
        assert (await client.until(DATA, 3)).payload == b"small"
        # Nor was it probed by pings, which would have waited behind all that.
        assert not [frame for frame in client.seen if frame.kind == frames.PING]


async def test_a_client_that_is_told_of_its_mistake_and_takes_nothing_is_cut_off() -> None:
    pouring, clock = Pouring(), ManualClock()
    async with listening(pouring, clock, stalled_write=60) as served:
        _, writer = await unread(served)
        ask(writer, "2")
        await come_true(lambda: pouring.written)
        await full(served, pouring)
        writer.write(frames.frame(DATA, 0, 0, b"of no stream"))
        await pouring.cancelled.wait()
        clock.advance(10)
        await asyncio.sleep(0)
        assert served.listener.connections == 1
        clock.advance(75)
        await come_true(lambda: not served.listener.connections)


@pytest.mark.parametrize("version", ["1.1", "2"])
async def test_a_socket_that_takes_a_little_is_not_closed(version: str) -> None:
    pouring, clock = Pouring(), ManualClock()
    async with listening(pouring, clock, stalled_write=60, keepalive_time=40, ping_timeout=5) as served:
        reader, writer = await served.open(receive_buffer=4096)
        ask(writer, version)
        for _ in range(6):
            await full(served, pouring)
            clock.advance(59)
            written = pouring.written
            while pouring.written == written:
                await reader.readexactly(1000)
        assert not pouring.cancelled.is_set()


async def test_a_socket_that_took_everything_is_not_closed_later() -> None:
    async def pour(exchange: Exchange) -> None:
        exchange.respond(200, ())
        await exchange.write(bytes(20_000_000))
        exchange.finish()

    clock = ManualClock()
    async with listening(pour, clock, stalled_write=60, keepalive_time=3600) as served:
        reader, writer = await served.open()
        for _ in range(2):
            ask(writer, "1.1")
            answer = b""
            while not answer.endswith(b"\r\n0\r\n\r\n"):
                answer = answer[-10:] + await reader.read(65_536)
            clock.advance(70)


async def test_answers_do_not_pile_up_for_a_socket_that_takes_nothing() -> None:
    """Nothing more is read before they are taken."""
    handled = 0

    async def answer(exchange: Exchange) -> None:
        nonlocal handled
        handled += 1
        exchange.respond(200, ((b"x-long", bytes(4000).hex().encode()),), end=True)

    async with listening(answer) as served:
        reader, writer = await unread(served, 0)
        writer.write(frames.greeting())
        asked, before = 0, -1
        while before != handled and asked < 10_000:
            for number in range(asked, asked + 400):
                writer.write(request(2 * number + 1))
            asked, before = asked + 400, handled
            await at_rest(served, lambda: handled)
        # Altogether 80 MB would be answered: far more than what the kernel holds.
        assert asked < 10_000
        assert served.listener.connections == 1

        cast("asyncio.Transport", writer.transport).resume_reading()
        while handled < asked:
            assert await reader.read(65_536), "the connection was ended"


@pytest.mark.parametrize("version", ["1.1", "2"])
async def test_a_client_that_ends_its_side_is_gone_whatever_waits_for_it(version: str) -> None:
    pouring = Pouring()
    async with listening(pouring) as served:
        _, writer = await unread(served)
        ask(writer, version)
        await come_true(lambda: pouring.written)
        await full(served, pouring)
        writer.write_eof()
        await pouring.cancelled.wait()
