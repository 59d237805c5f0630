"""A connection ends in two steps: first no stream is lost that is under way, then none begins."""

import struct

import pytest

from tests.http2.peer import (
    DATA,
    FRAME_SIZE_ERROR,
    GOAWAY,
    NO_ERROR,
    PING,
    PROTOCOL_ERROR,
    RESPONSE,
    SETTINGS_TIMEOUT,
    Peer,
    frame,
)
from unisono.server.api.http.h2.errors import ConnectionFailed, ErrorCode


def test_the_end_is_announced_and_what_comes_is_taken_still() -> None:
    peer = Peer()
    peer.request(1)
    peer.connection.announce_end()

    (goaway,) = peer.sent()
    assert goaway.goaway == (2**31 - 1, NO_ERROR)
    assert len(peer.request(3)) == 1


def test_after_the_end_nothing_begins_and_what_has_begun_goes_on() -> None:
    # Given a connection that has ended, with a stream.
    peer = Peer()
    peer.request(1)
    peer.connection.end("bye")
    (goaway,) = peer.sent()
    assert (goaway.goaway, goaway.payload[8:]) == ((1, NO_ERROR), b"bye")
    # When the client begins another, with a body.
    assert peer.request(3) == []
    assert peer.data(b"x" * 100, 3, end=True) == []
    # Then nobody hears of it, and nothing is said of it.
    assert peer.sent() == []
    assert peer.connection.open_streams == 1
    # And the one that had begun goes on.
    assert len(peer.data(b"x", end=True)) == 1
    peer.connection.send_headers(1, RESPONSE, end_stream=True)
    assert peer.sent()[0].ended


def test_the_last_stream_never_goes_up_again() -> None:
    # Given a connection that has ended, and a stream after it.
    peer = Peer()
    peer.request(1)
    peer.connection.end()
    peer.request(3)
    peer.sent()
    # When that is announced late, it ends again, and then fails.
    peer.connection.announce_end()
    peer.connection.end()
    peer.send(frame(DATA, 0, 0))
    # Then the last stream is still the one that was told.
    assert [one.goaway for one in peer.sent()] == [(1, NO_ERROR), (1, NO_ERROR), (1, PROTOCOL_ERROR)]


def test_the_headers_of_what_is_not_taken_are_decoded_all_the_same() -> None:
    peer = Peer()
    peer.connection.end()
    peer.request(1, ((b":method", b"GET"), (b"new", b"entry")))

    peer.request(3, ((b":method", b"GET"), (b"new", b"entry")))

    assert peer.error() is None


def test_who_drives_may_end_it_for_a_reason() -> None:
    peer = Peer()
    peer.request(1)

    peer.connection.fail(ConnectionFailed(ErrorCode.SETTINGS_TIMEOUT, "no settings"))

    assert peer.sent()[-1].goaway == (1, SETTINGS_TIMEOUT)
    assert peer.send(frame(PING, payload=bytes(8))) == []


@pytest.mark.parametrize("size", [0, 7])
def test_a_goaway_that_is_cut_off(size: int) -> None:
    peer = Peer()

    peer.send(frame(GOAWAY, payload=bytes(size)))

    assert peer.error() == FRAME_SIZE_ERROR


def test_a_client_that_goes_away_is_served_still() -> None:
    peer = Peer()
    peer.request(1, end=True)
    peer.send(frame(GOAWAY, payload=struct.pack(">II", 0, 0)))

    peer.connection.send_headers(1, RESPONSE, end_stream=True)

    assert peer.sent()[0].ended
