"""What has begun to come is whole in time, however it is cut: by a clock that the test holds."""

from typing import Final

import pytest

from tests.http.http2_client import Http2Client
from tests.http.listening import Held, echo, full_turn, listening
from tests.http.manual_clock import ManualClock
from tests.support.http2 import frames
from tests.support.http2.frames import ACK, DATA, END_STREAM, GOAWAY, HEADERS, PING, SETTINGS, first_number
from unisono.server.api.http.exchange import Exchange
from unisono.server.api.http.h2.errors import ErrorCode

CONTINUATION: Final = 0x9


async def greeted(client: Http2Client) -> None:
    """Wait until both sides have seen the settings of the other."""
    await client.until(SETTINGS)
    await client.round_trip()


async def heard(client: Http2Client, end: bytes, beginning: bytes) -> None:
    """Send the end of a frame and the beginning of another, and wait until they have arrived."""
    client.say(end + frames.frame(PING, 0, 0, bytes(8)) + beginning)
    await client.until(PING, flags=ACK)


def cut(data: bytes, at: int) -> tuple[bytes, bytes]:
    return data[:at], data[at:]


#: A frame, and a header block in two, the second of which never ends it.
HALVES = {
    "a frame": cut(frames.frame(DATA, 0, 1, bytes(1000)), 500),
    "the head of a frame": cut(frames.frame(DATA, 0, 1, bytes(1000)), 3),
    "a header block": (frames.frame(HEADERS, 0, 3, b""), frames.frame(CONTINUATION, 0, 3, b"")),
}


@pytest.mark.parametrize("name", HALVES)
async def test_what_has_begun_to_come_is_to_be_whole_in_time(name: str) -> None:
    first, second = HALVES[name]
    clock, held = ManualClock(), Held()

    async def handle(exchange: Exchange) -> None:
        await (held if exchange.version == "2" else echo)(exchange)

    async with listening(handle, clock) as served:
        client = await served.connect()
        client.ask(1, end=False)
        await greeted(client)
        # Given a half, and that more of it comes, but never the end
        await heard(client, b"", first)
        clock.advance(14)
        client.say(second[:9])
        await full_turn(served)
        clock.advance(0.9)
        assert not held.cancelled.is_set()
        # When its time is over, then the client is told, and what it asked for ends
        clock.advance(0.1)
        goaway = await client.until(GOAWAY)
        assert first_number(goaway.payload[4:]) == ErrorCode.ENHANCE_YOUR_CALM
        await held.cancelled.wait()
        assert +served.metrics.timed_out == {"frame": 1}


async def test_who_sends_slowly_and_ends_what_it_begins_may_go_on() -> None:
    clock = ManualClock()
    part = frames.frame(DATA, 0, 1, bytes(100))
    async with listening(echo, clock) as served:
        client = await served.connect()
        client.ask(1, end=False)
        await greeted(client)
        # Given a client that has always begun a frame, and takes ten seconds for each
        await heard(client, b"", part[:50])
        for _ in range(5):
            clock.advance(10)
            await heard(client, part[50:], part[:50])
        # When the last is whole, then there is no end to the time that it has for the next
        await heard(client, part[50:], b"")
        clock.advance(30)
        client.send(DATA, END_STREAM, 1)
        await client.until(HEADERS, 1, flags=END_STREAM)
