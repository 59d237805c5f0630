"""What comes for a stream that is over: passed over where the client cannot know, an error where it can."""

import pytest

from tests.http2.peer import (
    DATA,
    END_STREAM,
    FRAME_SIZE_ERROR,
    PRIORITY,
    PROTOCOL_ERROR,
    REFUSED_STREAM,
    RESPONSE,
    STREAM_CLOSED,
    Peer,
    frame,
    resets,
    rst_stream,
    window_update,
)
from unisono.server.api.http.h2.closed import REMEMBERED
from unisono.server.api.http.h2.errors import ErrorCode
from unisono.server.api.http.h2.events import StreamReset
from unisono.server.api.http.h2.state import Http2Limits


def ended(how: str) -> Peer:
    """Return a client whose stream 1 is over."""
    peer = Peer()
    peer.request(end=how == "both")
    if how == "by us":
        peer.connection.reset(1, ErrorCode.CANCEL)
    elif how == "by the client":
        peer.send(rst_stream(1))
    else:
        peer.connection.send_headers(1, RESPONSE, end_stream=True)
    peer.sent()
    return peer


@pytest.mark.parametrize("how", ["both", "by us", "by the client"])
def test_small_frames_are_passed_over(how: str) -> None:
    peer = ended(how)

    events = peer.send(
        window_update(1, 1), rst_stream(1), frame(PRIORITY, 0, 1, bytes(5)), frame(PRIORITY, 0, 9, bytes(5))
    )

    assert events == []
    assert peer.sent() == []
    assert peer.error() is None


@pytest.mark.parametrize("how", ["both", "by the client"])
def test_data_is_an_error(how: str) -> None:
    peer = ended(how)

    peer.data(b"x")
    assert resets(peer.sent()) == [(1, STREAM_CLOSED)]
    # It has been told now.
    peer.data(b"x")
    assert peer.sent() == []


@pytest.mark.parametrize("how", ["both", "by the client"])
def test_headers_are_an_error_of_the_connection(how: str) -> None:
    peer = ended(how)

    peer.request(fields=(), end=True)

    assert peer.error() == STREAM_CLOSED


def test_where_we_reset_it_both_are_passed_over() -> None:
    peer = ended("by us")

    peer.data(b"x")
    peer.request(fields=(), end=True)

    assert peer.sent() == []
    assert peer.error() is None


def test_ids_do_not_go_back() -> None:
    peer = Peer()
    peer.request(5, end=True)

    peer.request(3)

    assert peer.error() == PROTOCOL_ERROR


def test_data_of_a_stream_that_was_left_out() -> None:
    peer = Peer()
    peer.request(5)

    peer.data(b"x", 3)

    assert resets(peer.sent()) == [(3, STREAM_CLOSED)]


def test_only_the_last_are_remembered() -> None:
    # Given more streams than are remembered, which we reset.
    peer = Peer()
    last = 2 * REMEMBERED + 1
    for stream_id in range(1, last + 1, 2):
        peer.request(stream_id)
        peer.connection.reset(stream_id, ErrorCode.CANCEL)
    peer.sent()
    # When data of them comes late.
    peer.data(b"x", last)
    peer.data(b"x", 3)
    assert peer.sent() == []
    peer.data(b"x", 1)
    # Then the oldest is told again, which hurts nobody.
    assert resets(peer.sent()) == [(1, STREAM_CLOSED)]


def test_a_priority_that_names_itself_resets_its_stream() -> None:
    peer = Peer()
    peer.request()

    assert peer.send(frame(PRIORITY, 0, 1, b"\0\0\0\1\x10")) == [StreamReset(1, ErrorCode.PROTOCOL_ERROR)]
    assert resets(peer.sent()) == [(1, PROTOCOL_ERROR)]


def test_a_priority_of_a_wrong_size_resets_its_stream() -> None:
    peer = Peer()
    peer.request()

    assert peer.send(frame(PRIORITY, 0, 1, bytes(4))) == [StreamReset(1, ErrorCode.FRAME_SIZE_ERROR)]
    assert resets(peer.sent()) == [(1, FRAME_SIZE_ERROR)]


def test_only_so_many_streams_at_a_time() -> None:
    # Given as many streams as there may be.
    peer = Peer(Http2Limits(max_streams=2))
    peer.request(1)
    peer.request(3)
    # When another comes, it is refused, and may come again when one has ended.
    assert peer.request(5) == []
    assert resets(peer.sent()) == [(5, REFUSED_STREAM)]
    peer.send(rst_stream(1))
    peer.connection.lingered()
    assert len(peer.request(7)) == 1
    assert peer.connection.open_streams == 2


def test_a_stream_that_is_reset_may_keep_its_place() -> None:
    # Given as many streams as there may be, one of which the client has reset while it is handled.
    peer = Peer(Http2Limits(max_streams=2))
    peer.request(1)
    peer.request(3)
    peer.send(rst_stream(1))
    # When another comes, it is refused, and may come again when that has ended.
    assert peer.request(5) == []
    assert resets(peer.sent()) == [(5, REFUSED_STREAM)]
    peer.connection.lingered()
    assert len(peer.request(7)) == 1


def test_a_client_resets_a_stream() -> None:
    peer = Peer()
    peer.request()

    assert peer.send(rst_stream(1, 0x8), frame(DATA, END_STREAM, 1)) == [StreamReset(1, 0x8)]
    assert peer.connection.open_streams == 0
