"""What a client may send of bodies: as much as windows allow and content-length says, and never lost room."""

import pytest

from tests.http2.peer import (
    DATA,
    FLOW_CONTROL_ERROR,
    INTERNAL_ERROR,
    PADDED,
    PROTOCOL_ERROR,
    REQUEST,
    STREAM_CLOSED,
    Peer,
    frame,
    resets,
    widened,
)
from unisono.server.api.http.h2.errors import ErrorCode
from unisono.server.api.http.h2.events import DataReceived, StreamReset
from unisono.server.api.http.h2.state import Http2Limits


def with_length(value: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return (*REQUEST, (b"content-length", value))


def test_a_body_comes_in_parts() -> None:
    peer = Peer()
    peer.request()

    assert peer.data(b"abc") == [DataReceived(1, b"abc", 3, False)]
    assert peer.data(b"", end=True) == [DataReceived(1, b"", 0, True)]


def test_padding_takes_room_of_the_window() -> None:
    peer = Peer()
    peer.request()

    assert peer.data(b"\x04abc\0\0\0\0", flags=PADDED) == [DataReceived(1, b"abc", 8, False)]
    assert peer.data(b"\0abc", flags=PADDED) == [DataReceived(1, b"abc", 4, False)]


def test_trailers_end_a_body() -> None:
    peer = Peer()
    peer.request()

    assert peer.request(fields=((b"checksum", b"1"),), end=True) == [DataReceived(1, b"", 0, True)]


def test_trailers_that_end_nothing() -> None:
    peer = Peer()
    peer.request()

    assert peer.request(fields=((b"checksum", b"1"),)) == [StreamReset(1, ErrorCode.PROTOCOL_ERROR)]
    assert resets(peer.sent()) == [(1, PROTOCOL_ERROR)]


@pytest.mark.parametrize("field", [(b":path", b"/"), (b"Upper", b"1"), (b"connection", b"close")])
def test_trailers_that_may_not_be(field: tuple[bytes, bytes]) -> None:
    peer = Peer()
    peer.request()

    assert peer.request(fields=(field,), end=True) == [StreamReset(1, ErrorCode.PROTOCOL_ERROR)]


def test_a_body_as_long_as_it_says() -> None:
    peer = Peer()
    peer.request(fields=with_length(b"3"))
    peer.data(b"ab")

    assert peer.data(b"c", end=True) == [DataReceived(1, b"c", 1, True)]


@pytest.mark.parametrize(("data", "end"), [(b"abcd", False), (b"ab", True)])
def test_a_body_of_another_length(data: bytes, end: bool) -> None:
    peer = Peer()
    peer.request(fields=with_length(b"3"))

    assert peer.data(data, end=end) == [StreamReset(1, ErrorCode.PROTOCOL_ERROR)]


def test_a_body_of_another_length_that_trailers_end() -> None:
    peer = Peer()
    peer.request(fields=with_length(b"3"))

    assert peer.request(fields=(), end=True) == [StreamReset(1, ErrorCode.PROTOCOL_ERROR)]


def test_no_body_where_there_should_be_one() -> None:
    peer = Peer()

    assert peer.request(fields=with_length(b"3"), end=True) == []
    assert resets(peer.sent()) == [(1, PROTOCOL_ERROR)]


def test_data_after_the_end() -> None:
    peer = Peer()
    peer.request(end=True)

    assert peer.data(b"more") == [StreamReset(1, ErrorCode.STREAM_CLOSED)]
    assert resets(peer.sent()) == [(1, STREAM_CLOSED)]


def test_headers_after_the_end() -> None:
    peer = Peer()
    peer.request(end=True)

    peer.request(fields=((b"a", b"b"),), end=True)

    assert resets(peer.sent()) == [(1, STREAM_CLOSED)]


def test_more_than_the_window_of_a_stream() -> None:
    peer = Peer()
    peer.request()
    for _ in range(4):
        peer.data(bytes(16_383))
    peer.data(bytes(3))
    assert resets(peer.sent()) == []

    peer.data(b"x")

    assert resets(peer.sent()) == [(1, FLOW_CONTROL_ERROR)]


def test_more_than_the_window_of_the_connection() -> None:
    peer = Peer(Http2Limits(connection_window=65_535, stream_window=65_535))
    peer.request(1)
    peer.request(3)
    for _ in range(3):
        peer.data(bytes(16_384))
    assert peer.error() is None

    peer.data(bytes(16_384), 3)

    assert peer.error() == FLOW_CONTROL_ERROR


def test_room_comes_back_when_half_of_a_window_was_taken() -> None:
    peer = Peer(Http2Limits(stream_window=1000, connection_window=65_535))
    peer.request()
    peer.data(bytes(600))

    peer.connection.give_back(1, 499)
    assert widened(peer.sent(), 1) == 0
    peer.connection.give_back(1, 1)
    assert widened(peer.sent(), 1) == 500
    peer.data(bytes(900))
    assert resets(peer.sent()) == []


def test_a_stream_that_has_ended_needs_no_room() -> None:
    peer = Peer(Http2Limits(stream_window=1000))
    peer.request()
    peer.data(bytes(900), end=True)

    peer.connection.give_back(1, 900)

    assert peer.sent() == []


def lose(peer: Peer, stream_id: int, how: str) -> None:
    """Let a client send a thousand bytes that nobody reads."""
    if how == "of another length":
        peer.request(stream_id, with_length(b"1"))
        peer.data(bytes(1000), stream_id)
    elif how == "beyond the window":
        peer.request(stream_id)
        peer.data(bytes(1000), stream_id)
    elif how == "of a stream that was reset":
        peer.request(stream_id)
        peer.connection.reset(stream_id, ErrorCode.INTERNAL_ERROR)
        peer.data(bytes(1000), stream_id)
    elif how == "after the end":
        peer.request(stream_id, end=True)
        peer.data(bytes(1000), stream_id)
    else:
        peer.request(stream_id)
        (event,) = peer.data(bytes(1000), stream_id)
        assert isinstance(event, DataReceived)
        peer.connection.reset(stream_id, ErrorCode.INTERNAL_ERROR)
        peer.connection.give_back(stream_id, event.taken)


@pytest.mark.parametrize(
    "how",
    [
        "of another length",
        "beyond the window",
        "of a stream that was reset",
        "after the end",
        "given back late",
    ],
)
def test_the_window_of_the_connection_comes_back_whole(how: str) -> None:
    # Given a connection, and bytes that nobody will ever read, several times its window.
    window = 500 if how == "beyond the window" else 65_535
    peer = Peer(Http2Limits(connection_window=65_535, stream_window=window))
    granted = 65_535
    for number in range(200):
        lose(peer, 2 * number + 1, how)
        granted += widened(peer.sent(), 0) - 1000
        peer.now += 0.02
    # Then the client may send nearly as much as at first.
    assert peer.error() is None
    assert granted > 65_535 // 2


def test_data_of_a_stream_that_was_reset_is_passed_over() -> None:
    peer = Peer()
    peer.request()
    peer.connection.reset(1, ErrorCode.INTERNAL_ERROR)

    assert peer.send(frame(DATA, 0, 1, b"late"), frame(DATA, 1, 1)) == []
    assert resets(peer.sent()) == [(1, INTERNAL_ERROR)]
