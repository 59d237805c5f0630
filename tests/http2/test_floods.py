"""A client that only makes work is ended; one that is slow, or has a reason, never is."""

import pytest

from tests.http2.peer import (
    ACK,
    DATA,
    ENHANCE_YOUR_CALM,
    GOAWAY,
    PADDED,
    PING,
    PRIORITY,
    RESPONSE,
    UNKNOWN,
    Peer,
    frame,
    settings,
)
from unisono.server.api.http.h2.calm import PINGS_IDLE, PINGS_PER_SECOND, USELESS_PER_SECOND
from unisono.server.api.http.h2.output import HELD_MAX

A_PING = frame(PING, payload=bytes(8))


def test_pings_in_a_second() -> None:
    peer = Peer()
    peer.request()
    peer.send(*[A_PING] * PINGS_PER_SECOND)
    assert peer.error() is None

    peer.send(A_PING)

    assert peer.error() == ENHANCE_YOUR_CALM
    last = peer.sent()[-1]
    assert (last.type, last.payload[8:]) == (GOAWAY, b"too_many_pings")


def test_slower_pings_beside_a_stream_are_answered_for_ever() -> None:
    peer = Peer()
    peer.request()
    for _ in range(2000):
        peer.send(A_PING)
        peer.now += 0.125

    assert peer.error() is None
    assert len(peer.sent()) == 2000


def test_pings_of_a_connection_without_streams() -> None:
    peer = Peer()
    for _ in range(PINGS_IDLE):
        peer.send(A_PING)
        peer.now += 60
    assert peer.error() is None

    peer.send(A_PING)

    assert peer.error() == ENHANCE_YOUR_CALM


def test_a_stream_lets_pings_be_counted_anew() -> None:
    peer = Peer()
    for stream_id in range(1, 11, 2):
        peer.request(stream_id, end=True)
        peer.connection.send_headers(stream_id, RESPONSE, end_stream=True)
        for _ in range(PINGS_IDLE):
            peer.send(A_PING)
            peer.now += 60

    assert peer.error() is None


def test_who_measures_by_pings_what_we_send_may() -> None:
    # Given a response in many parts, each of which the client answers by a ping.
    peer = Peer()
    peer.request(end=True)
    peer.connection.send_headers(1, RESPONSE)
    for _ in range(100):
        peer.connection.send_data(1, b"part")
        peer.send(A_PING)
    assert peer.error() is None
    # When it goes on though nothing is sent any more.
    peer.send(*[A_PING] * (PINGS_PER_SECOND + 1))
    # Then that is too much.
    assert peer.error() == ENHANCE_YOUR_CALM


def test_answers_to_our_pings_are_not_counted() -> None:
    peer = Peer()
    for _ in range(1000):
        peer.connection.ping(bytes(8))
        peer.send(frame(PING, ACK, payload=bytes(8)))

    assert peer.error() is None


USELESS = {
    "settings": settings({}),
    "acknowledgements": frame(0x4, ACK),
    "priorities": frame(PRIORITY, 0, 1, b"\0\0\0\0\x10"),
    "empty data": frame(DATA, 0, 1),
    "padding alone": frame(DATA, PADDED, 1, b"\x01\0"),
    "unknown frames": frame(UNKNOWN),
    "farewells": frame(GOAWAY, payload=bytes(8)),
}


@pytest.mark.parametrize("name", USELESS)
def test_frames_that_bring_nothing(name: str) -> None:
    peer = Peer()
    peer.now = 10.0
    peer.request()
    peer.send(*[USELESS[name]] * USELESS_PER_SECOND)
    assert peer.error() is None

    peer.send(USELESS[name])

    assert peer.error() == ENHANCE_YOUR_CALM


@pytest.mark.parametrize("name", USELESS)
def test_slower_ones_do_no_harm(name: str) -> None:
    peer = Peer()
    peer.request()
    for _ in range(5):
        peer.now += 1
        peer.send(*[USELESS[name]] * USELESS_PER_SECOND)

    assert peer.error() is None


def test_empty_data_that_ends_a_body_is_of_use() -> None:
    peer = Peer()
    for stream_id in range(1, 1000, 2):
        peer.request(stream_id)
        peer.data(b"", stream_id, end=True)
        peer.connection.send_headers(stream_id, RESPONSE, end_stream=True)

    assert peer.error() is None


def test_a_client_that_makes_us_answer_and_does_not_read() -> None:
    # Given a socket that takes nothing.
    peer = Peer()
    peer.connection.pause()
    # When requests are refused on and on.
    stream_id = 1
    while peer.error() is None and stream_id < 10 * HELD_MAX:
        peer.request(stream_id, ((b"malformed", b"1"),))
        peer.now += 0.02
        stream_id += 2
    # Then there is an end to it.
    assert peer.error() == ENHANCE_YOUR_CALM
    assert len(peer.sent()) <= HELD_MAX + 2


def test_one_that_reads_again_begins_anew() -> None:
    peer = Peer()
    for turn in range(3):
        peer.connection.pause()
        for number in range(HELD_MAX - 10):
            peer.request(2 * (turn * HELD_MAX + number) + 1, ((b"malformed", b"1"),))
            peer.now += 0.02
        peer.connection.resume()

    assert peer.error() is None
