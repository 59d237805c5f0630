"""Who sends without end keeps nobody waiting, and strangers of one address are read at their rate."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from tests.http.authority import Authority
from tests.http.http2_client import Http2Client, request
from tests.http.listening import come_true, full_turns, listening
from tests.http.manual_clock import ManualClock
from tests.http.raw_tls import RawTls
from tests.support.http2.frames import END_STREAM, GOAWAY, HEADERS, first_number, greeting
from unisono.server.api.http.exchange import Exchange
from unisono.server.api.http.h2.connection import FRAMES_PER_TURN
from unisono.server.api.http.h2.errors import ErrorCode
from unisono.server.api.http.h2.state import Http2Limits
from unisono.server.api.http.http2_connection import MOST_KEPT
from unisono.server.api.http.places import READ_BURST, AddressLimits

#: Requests that are read of strangers at once, and how long each further one takes, in seconds.
AT_ONCE: Final = 20
EACH: Final = READ_BURST / AT_ONCE

STRANGERS: Final = AddressLimits(requests_per_address=int(AT_ONCE / READ_BURST))

ELSEWHERE: Final = "127.0.0.2"
"""An address of this machine that has its own rate."""

HTTP1: Final = b"GET / HTTP/1.1\r\nhost: test\r\n\r\n"


class Counting:
    """Answers requests, and counts them by their paths. A path of a friend makes its client known."""

    def __init__(self) -> None:
        self.begun: list[bytes] = []

    async def __call__(self, exchange: Exchange) -> None:
        self.begun.append(exchange.path)
        if exchange.path == b"/friend":
            exchange.known()
        exchange.respond(200, ((b"content-length", b"0"),), end=True)


async def answered(client: Http2Client, stream_id: int, path: bytes = b"/") -> None:
    client.ask(stream_id, path)
    await client.until(HEADERS, stream_id, flags=END_STREAM)


def has_begun(handler: Counting, count: int) -> bool:
    return len(handler.begun) >= count


async def test_somebody_else_has_a_turn_before_all_is_done_that_one_asks_for() -> None:
    handler, many = Counting(), 20 * FRAMES_PER_TURN
    limits, addresses = Http2Limits(max_streams=many), AddressLimits(requests_per_address=many)
    async with listening(handler, limits=limits, addresses=addresses) as served:
        busy, other = await served.connect(), await served.connect()
        await answered(busy, 1, b"/friend")
        await other.round_trip()
        # When one client asks for very much, and then another one for little
        busy.say(b"".join(request(stream_id) for stream_id in range(3, 2 * many, 2)))
        other.ask(1, b"/other")
        await come_true(lambda: b"/other" in handler.begun)
        # Then that does not wait for all of it, and all of it is done
        assert handler.begun.index(b"/other") < many // 2
        await come_true(lambda: len(handler.begun) == many + 1)


async def test_what_a_record_of_tls_brings_beside_that_is_done_in_its_turn(tmp_path: Path) -> None:
    authority, handler, many = Authority(tmp_path), Counting(), 20 * FRAMES_PER_TURN
    limits = Http2Limits(max_streams=many)
    async with listening(handler, limits=limits, certificate=authority.certificate) as served:
        busy = await served.connect(tls=authority.client("h2"))
        await answered(busy, 1, b"/friend")
        busy.say(b"".join(request(stream_id) for stream_id in range(3, 2 * many, 2)))
        await come_true(lambda: len(handler.begun) == many)


async def test_who_says_that_he_is_gone_has_no_further_turn(tmp_path: Path) -> None:
    authority, handler = Authority(tmp_path), Counting()
    limits = Http2Limits(max_streams=2 * FRAMES_PER_TURN)
    async with listening(handler, limits=limits, certificate=authority.certificate) as served:
        client = RawTls(authority.client("h2"), *await served.open())
        await client.shake_hands()
        client.say(greeting() + request(1, b"/friend"))
        await come_true(lambda: handler.begun)
        # When more comes at once than what has one turn, and the end with it
        client.say_last(b"".join(request(stream_id) for stream_id in range(3, 4 * FRAMES_PER_TURN, 2)))
        await come_true(lambda: served.listener.connections == 0)
        for _ in range(100):
            await asyncio.sleep(0)
        # Then the rest is begun for nobody
        assert len(handler.begun) <= 1 + FRAMES_PER_TURN


async def test_strangers_are_read_at_their_rate_and_all_in_the_end() -> None:
    handler, clock = Counting(), ManualClock()
    async with listening(handler, clock, addresses=STRANGERS) as served:
        # Given connections of an address that have asked for as much as is read at once
        clients = [await served.connect() for _ in range(2)]
        for client in clients:
            client.say(b"".join(request(stream_id) for stream_id in range(1, AT_ONCE, 2)))
        await come_true(lambda: len(handler.begun) == AT_ONCE)
        # When they ask for more, and another one comes, then none is read while time stands still
        clients.append(await served.connect())
        begun = []
        for more in (1, 3):
            for client in clients:
                client.ask(AT_ONCE + more)
            await full_turns(served, ELSEWHERE)
            begun.append(len(handler.begun))
        assert AT_ONCE <= begun[0] == begun[1] < AT_ONCE + len(clients)
        # When it goes on, then all are
        clock.advance(10 * EACH)
        await come_true(lambda: len(handler.begun) == AT_ONCE + 2 * len(clients))


@pytest.mark.parametrize("goes", [Http2Client.close, Http2Client.leave])
async def test_who_is_gone_before_his_turn_has_none(goes: Callable[[Http2Client], None]) -> None:
    handler, clock = Counting(), ManualClock()
    async with listening(handler, clock, addresses=STRANGERS) as served:
        # Given an address that has asked for as much as is read at once, and two who wait for their turn
        busy = await served.connect()
        busy.say(b"".join(request(stream_id) for stream_id in range(1, 2 * AT_ONCE, 2)))
        await come_true(lambda: len(handler.begun) == AT_ONCE)
        gone, other = await served.connect(), await served.connect()
        gone.ask(1, b"/gone")
        other.ask(1, b"/other")
        await full_turns(served, ELSEWHERE)
        assert len(handler.begun) == AT_ONCE
        # When one is gone, then only the other has it
        goes(gone)
        await full_turns(served, ELSEWHERE)
        clock.advance(10 * EACH)
        await come_true(lambda: b"/other" in handler.begun)
        await come_true(lambda: served.listener.connections == 2)
        assert b"/gone" not in handler.begun


async def test_strangers_who_send_very_much_before_their_turn_are_ended() -> None:
    handler, clock = Counting(), ManualClock()
    async with listening(handler, clock, addresses=STRANGERS) as served:
        client = await served.connect()
        client.say(b"".join(request(stream_id) for stream_id in range(1, 2 * MOST_KEPT // 10, 2)))
        ended = await client.until(GOAWAY)
        assert first_number(ended.payload[4:]) == ErrorCode.ENHANCE_YOUR_CALM


async def test_a_stranger_who_goes_on_with_the_end_of_a_handshake_has_to_wait_as_well(tmp_path: Path) -> None:
    authority, clock = Authority(tmp_path), ManualClock()
    async with listening(Counting(), clock, certificate=authority.certificate, addresses=STRANGERS) as served:
        # Given an address of which as many connections have come as are read at once, and more
        for _ in range(AT_ONCE + 1):
            await served.open()
        client = RawTls(authority.client("h2"), *await served.open())
        await client.shake_hands(then=greeting() + request(1))
        # When more comes than what lies in sockets, then it stays with who sends it
        client.say(bytes(32 * 1024 * 1024))
        for _ in range(2000):
            await asyncio.sleep(0)
        assert client.unsent
        client.abort()


async def test_who_is_known_does_not_wait() -> None:
    handler, clock = Counting(), ManualClock()
    async with listening(handler, clock, addresses=STRANGERS) as served:
        client = await served.connect()
        await answered(client, 1, b"/friend")
        for stream_id in range(3, 20 * AT_ONCE, 2):
            await answered(client, stream_id)


async def test_who_becomes_known_while_it_waits_goes_on_at_once() -> None:
    # Given an address of which as much was read as is read at once, and more
    handler, clock = Counting(), ManualClock()
    async with listening(handler, clock, addresses=STRANGERS) as served:
        stranger, friend = await served.connect(), await served.connect()
        # The second time, its acknowledgement of the settings has been read as well.
        for _ in range(2):
            await friend.round_trip()
        stranger.say(b"".join(request(stream_id) for stream_id in range(1, 4 * AT_ONCE, 2)))
        await come_true(lambda: len(handler.begun) > AT_ONCE)
        # When the first request of another connection shows who that is, then it goes on
        await answered(friend, 1, b"/friend")
        await answered(friend, 3)


async def test_who_is_known_by_http1_does_not_wait() -> None:
    handler, clock = Counting(), ManualClock()
    async with listening(handler, clock, addresses=STRANGERS) as served:
        _, writer = await served.open()
        writer.write(b"GET /friend HTTP/1.1\r\nhost: test\r\n\r\n" + HTTP1 * 2 * AT_ONCE)
        await come_true(lambda: len(handler.begun) == 1 + 2 * AT_ONCE)


async def test_requests_of_http1_count_as_well() -> None:
    handler, clock = Counting(), ManualClock()
    async with listening(handler, clock, addresses=STRANGERS) as served:
        _, writer = await served.open()
        writer.write(HTTP1 * 2 * AT_ONCE)
        await come_true(lambda: len(handler.begun) > AT_ONCE)
        for _ in range(200):
            await asyncio.sleep(0)
        assert len(handler.begun) == AT_ONCE + 1
        # One at a time, when its time has come
        while len(handler.begun) < 2 * AT_ONCE:
            before = len(handler.begun)
            clock.advance(EACH)
            await come_true(partial(has_begun, handler, before + 1))
            assert len(handler.begun) == before + 1
