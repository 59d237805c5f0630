"""How connections of HTTP/2 live and end, by a clock that the test holds."""

import random
from collections.abc import Iterable

import pytest

from tests.http.http2_client import Http2Client, request
from tests.http.listening import Held, come_true, echo, listening
from tests.http.manual_clock import ManualClock
from tests.support.http2 import frames
from tests.support.http2.frames import ACK, DATA, END_STREAM, GOAWAY, HEADERS, PING, Frame, first_number

LARGEST = 2**31 - 1
SETTINGS_TIMEOUT = 4


def goaways(seen: Iterable[Frame]) -> list[int]:
    return [first_number(frame.payload) for frame in seen if frame.kind == GOAWAY]


async def greeted(client: Http2Client) -> None:
    """Wait until both sides have seen the settings of the other."""
    await client.until(frames.SETTINGS)
    await client.round_trip()


@pytest.mark.parametrize(
    "opening",
    [b"", frames.PREFACE[:10], frames.PREFACE, frames.greeting()[:-1]],
    ids=["nothing", "half a preface", "no settings", "half the settings"],
)
async def test_a_client_that_does_not_greet_in_time_is_cut_off(opening: bytes) -> None:
    clock = ManualClock()
    async with listening(echo, clock) as served:
        client = await served.connect(greets=False)
        client.say(opening)
        if opening.startswith(frames.PREFACE):
            await client.until(frames.SETTINGS)
        await come_true(lambda: served.listener.connections)
        clock.advance(14.9)
        assert served.listener.connections == 1
        clock.advance(0.1)
        await client.rest()
        assert +served.metrics.timed_out == {"handshake": 1}


async def test_a_client_that_does_not_acknowledge_settings_is_told_and_cut_off() -> None:
    clock = ManualClock()
    async with listening(echo, clock) as served:
        client = await served.connect()
        client.polite = False
        client.ask(1)
        await client.until(HEADERS, 1, flags=END_STREAM)
        clock.advance(15)
        goaway = await client.until(GOAWAY)
        assert first_number(goaway.payload[4:]) == SETTINGS_TIMEOUT
        await client.rest()
        assert +served.metrics.timed_out == {"settings": 1}


async def test_a_client_that_greeted_stays() -> None:
    clock = ManualClock()
    async with listening(echo, clock) as served:
        client = await served.connect()
        await greeted(client)
        clock.advance(30)
        client.ask(1)
        await client.until(HEADERS, 1, flags=END_STREAM)


async def test_a_connection_without_streams_ends_when_it_was_idle_for_long() -> None:
    clock = ManualClock()
    async with listening(echo, clock, connection_idle=120, keepalive_time=3600) as served:
        client = await served.connect()
        await greeted(client)
        clock.advance(100)
        client.ask(1)
        await client.until(HEADERS, 1, flags=END_STREAM)
        clock.advance(119)
        assert not goaways(await client.round_trip())

        clock.advance(1)

        assert await client.last_streams() == [LARGEST, 1]


async def test_a_connection_with_a_stream_is_not_idle() -> None:
    clock, held = ManualClock(), Held()
    async with listening(held, clock, connection_idle=120, keepalive_time=3600) as served:
        client = await served.connect()
        await greeted(client)
        client.ask(1)
        await client.round_trip()
        clock.advance(1000)
        held.released.set()
        await client.until(HEADERS, 1, flags=END_STREAM)
        clock.advance(119)
        assert not goaways(await client.round_trip())


@pytest.fixture
def same_age(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have connections end at their age to the second."""
    monkeypatch.setattr(random, "uniform", lambda _least, _most: 1.0)


@pytest.mark.usefixtures("same_age")
async def test_an_old_connection_ends_after_its_streams() -> None:
    clock, held = ManualClock(), Held()
    async with listening(held, clock, connection_age=3600, keepalive_time=36_000) as served:
        client = await served.connect()
        await greeted(client)
        client.ask(1)
        await client.round_trip()
        clock.advance(3599)
        assert not goaways(await client.round_trip())

        clock.advance(1)
        # Until the client has answered the ping, what it began before it knew is taken.
        client.polite = False
        assert first_number((await client.until(GOAWAY)).payload) == LARGEST
        client.ask(3)
        client.polite = True
        client.send(PING, ACK, 0, (await client.until(PING)).payload)
        assert first_number((await client.until(GOAWAY)).payload) == 3
        client.ask(5)
        await client.round_trip()
        held.released.set()

        for stream_id in (1, 3):
            await client.until(HEADERS, stream_id, flags=END_STREAM)
        assert not [frame for frame in await client.rest() if frame.stream_id == 5 and frame.kind == HEADERS]


@pytest.mark.usefixtures("same_age")
async def test_what_runs_on_an_old_connection_is_cancelled_in_the_end() -> None:
    clock, held = ManualClock(), Held()
    async with listening(
        held, clock, connection_age=3600, connection_age_grace=600, keepalive_time=36_000
    ) as served:
        client = await served.connect()
        await greeted(client)
        client.ask(1)
        await client.round_trip()
        clock.advance(3600)
        await client.until(GOAWAY)
        await client.until(GOAWAY)
        clock.advance(600)
        await held.cancelled.wait()
        await client.rest()


async def is_ended(client: Http2Client) -> bool:
    """Return whether a connection ends: what is there comes before the answer to a ping."""
    client.send(PING, 0, 0, b"anything")
    while not any(frame.kind in (GOAWAY, PING) for frame in client.seen):
        await client.receive()
    return bool(goaways(client.seen))


async def test_connections_that_began_together_do_not_end_together() -> None:
    clock = ManualClock()
    async with listening(
        echo, clock, connection_age=1000, connection_idle=36_000, keepalive_time=36_000
    ) as served:
        clients = [await served.connect() for _ in range(20)]
        for client in clients:
            await greeted(client)
        clock.advance(1000)
        ended = [await is_ended(client) for client in clients]
        assert True in ended
        assert False in ended


async def test_a_client_that_does_not_answer_the_ping_is_told_the_last_stream_all_the_same() -> None:
    clock = ManualClock()
    async with listening(echo, clock, connection_idle=120, keepalive_time=3600) as served:
        client = await served.connect()
        await greeted(client)
        client.polite = False
        clock.advance(120)
        await client.until(GOAWAY)
        clock.advance(1)
        assert await client.last_streams() == [0]


async def test_a_request_that_comes_with_the_answer_to_the_last_ping_is_handled() -> None:
    clock = ManualClock()
    async with listening(echo, clock, connection_idle=120, keepalive_time=3600) as served:
        client = await served.connect()
        await greeted(client)
        client.polite = False
        clock.advance(120)
        answer = frames.frame(PING, ACK, 0, (await client.until(PING)).payload)
        client.say(answer + request(1))
        await client.until(HEADERS, 1, flags=END_STREAM)
        await client.rest()


async def test_a_silent_client_that_answers_pings_stays() -> None:
    clock, held = ManualClock(), Held()
    async with listening(held, clock, keepalive_time=60, ping_timeout=20) as served:
        client = await served.connect()
        await greeted(client)
        client.ask(1)
        await client.round_trip()
        for _ in range(5):
            clock.advance(60)
            await client.until(PING)
            await client.round_trip()
        held.released.set()
        await client.until(HEADERS, 1, flags=END_STREAM)


async def test_a_client_that_says_something_is_not_probed() -> None:
    clock, held = ManualClock(), Held()
    async with listening(held, clock, keepalive_time=60) as served:
        client = await served.connect()
        await greeted(client)
        client.ask(1, end=False)
        for _ in range(5):
            clock.advance(50)
            client.send(DATA, 0, 1, b".")
            assert not [
                frame for frame in await client.round_trip() if frame.kind == PING and not frame.flags & ACK
            ]


async def test_a_client_that_answers_no_pings_is_cut_off() -> None:
    clock, held = ManualClock(), Held()
    async with listening(held, clock, keepalive_time=60, ping_timeout=20) as served:
        client = await served.connect()
        await greeted(client)
        client.ask(1)
        await client.round_trip()
        client.polite = False
        clock.advance(60)
        await client.until(PING)
        clock.advance(19)
        assert not held.cancelled.is_set()
        clock.advance(1)
        await held.cancelled.wait()
        await client.rest()
        assert +served.metrics.timed_out == {"pong": 1}


async def test_a_connection_closes_after_its_client_says_that_it_goes() -> None:
    held = Held()
    async with listening(held) as served:
        client = await served.connect()
        client.ask(1)
        client.say(frames.farewell())
        await client.until(GOAWAY)
        held.released.set()
        await client.until(HEADERS, 1, flags=END_STREAM)
        await client.rest()


async def test_what_is_sent_last_is_read_by_a_client_that_goes_on_sending() -> None:
    """A socket that is closed with something unread is reset, and what was sent before may be lost."""
    clock = ManualClock()
    async with listening(echo, clock) as served:
        client = await served.connect()
        await greeted(client)
        client.send(DATA, 0, 0, b"of no stream")
        for _ in range(10):
            client.send(DATA, 0, 0, bytes(16_384))
        await client.until(GOAWAY)
        assert served.listener.connections == 1
        clock.advance(2)
        await come_true(lambda: not served.listener.connections)


async def test_requests_that_come_at_once_are_answered_by_one_write() -> None:
    """See `tests.http.test_http2_exchanges` for what is answered."""
    async with listening(echo) as served:
        client = await served.connect()
        await greeted(client)
        client.say(b"".join(request(stream_id) for stream_id in range(1, 25, 2)))
        await client.receive()
    assert len([frame for frame in client.seen if frame.flags & END_STREAM and frame.kind == HEADERS]) == 12


async def test_a_connection_whose_client_goes_away_does_not_outlive_the_others(same_age: None) -> None:
    clock, held = ManualClock(), Held()
    async with listening(
        held, clock, connection_age=3600, connection_age_grace=600, keepalive_time=36_000
    ) as served:
        client = await served.connect()
        await greeted(client)
        client.ask(1)
        client.say(frames.farewell() + frames.farewell())
        await client.until(GOAWAY)
        await client.round_trip()
        clock.advance(4199)
        assert not held.cancelled.is_set()
        clock.advance(1)
        await held.cancelled.wait()
