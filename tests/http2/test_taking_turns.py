"""Streams that wait for a window or for the socket take turns, and lose nothing."""

import pytest

from tests.http2.peer import (
    ACK,
    CANCEL,
    DATA,
    FLOW_CONTROL_ERROR,
    INTERNAL_ERROR,
    PING,
    PROTOCOL_ERROR,
    WINDOW,
    Peer,
    frame,
    resets,
    responding,
    rst_stream,
    settings,
    window_update,
)
from unisono.server.api.http.h2.errors import ErrorCode
from unisono.server.api.http.h2.events import StreamReset, WriteResumed


def test_what_comes_later_stays_behind_what_waits() -> None:
    peer = responding(window=2)
    peer.connection.send_data(1, b"abc")
    peer.connection.send_data(1, b"d")

    peer.send(window_update(1, 100))

    assert peer.body(peer.sent()) == b"abcd"


def test_the_window_of_the_connection_holds_all_back() -> None:
    peer = responding(window=2**20, streams=2)
    peer.connection.send_data(1, bytes(65_535))
    peer.connection.send_data(3, b"abc")
    assert peer.body(peer.sent(), 3) == b""

    assert peer.send(window_update(0, 2)) == [WriteResumed(3)]
    assert peer.body(peer.sent(), 3) == b"ab"


def test_streams_take_turns() -> None:
    # Given three large responses that wait.
    peer = responding(window=2**20, streams=3)
    peer.connection.pause()
    for stream_id in (1, 3, 5):
        peer.connection.send_data(stream_id, bytes(50_000))
    # When there is room for some of it.
    peer.connection.resume()
    # Then each has a frame before any has its second.
    order = [one.stream_id for one in peer.sent() if one.type == DATA]
    assert order[:3] == [1, 3, 5]


def test_a_stream_that_begins_to_wait_has_its_turn_at_once() -> None:
    # Given a large response that waits, and a small one after it.
    peer = responding(window=2**20, streams=2)
    peer.connection.pause()
    peer.connection.send_data(1, bytes(60_000))
    peer.connection.send_data(3, b"small")
    # When there is room.
    events = peer.connection.resume()
    # Then the small one does not wait for all of the large one.
    order = [one.stream_id for one in peer.sent() if one.type == DATA]
    assert order == [1, 3, 1, 1, 1]
    assert events == [WriteResumed(1), WriteResumed(3)]


def test_nothing_of_a_body_goes_while_the_socket_takes_nothing() -> None:
    peer = responding()
    peer.connection.pause()
    peer.connection.send_data(1, b"abc")
    peer.send(window_update(0, 5), window_update(1, 5), frame(PING, payload=bytes(8)))

    assert [(one.type, one.flags) for one in peer.sent()] == [(PING, ACK)]
    assert peer.connection.resume() == [WriteResumed(1)]
    assert peer.body(peer.sent()) == b"abc"
    assert peer.connection.resume() == []


def test_what_there_is_room_for_resumes_nothing() -> None:
    peer = responding()
    peer.connection.send_data(1, bytes(40_000))

    assert peer.send(window_update(1, 1)) == []


def test_what_waits_of_a_stream_that_is_reset_is_dropped() -> None:
    peer = responding(window=1)
    peer.connection.send_data(1, b"abc")
    peer.connection.finish(1)
    peer.sent()

    assert peer.send(rst_stream(1, CANCEL)) == [StreamReset(1, CANCEL)]
    peer.send(window_update(0, 100), settings({WINDOW: 100}))

    assert peer.body(peer.sent()) == b""
    assert peer.connection.open_streams == 0


def test_so_is_what_waits_for_the_socket() -> None:
    peer = responding()
    peer.connection.pause()
    peer.connection.send_data(1, b"abc")
    peer.connection.finish(1)
    peer.send(rst_stream(1, CANCEL))

    assert peer.connection.resume() == []
    assert peer.sent() == []


def test_so_it_is_where_we_reset_it() -> None:
    peer = responding(window=1)
    peer.connection.send_data(1, b"abc")
    peer.sent()

    peer.connection.reset(1, ErrorCode.INTERNAL_ERROR)
    peer.connection.reset(1, ErrorCode.INTERNAL_ERROR)
    peer.send(window_update(1, 100))

    assert resets(peer.sent()) == [(1, INTERNAL_ERROR)]
    assert peer.connection.waiting(1) == 0


def test_a_window_of_a_stream_that_gets_too_wide() -> None:
    peer = responding()

    assert peer.send(window_update(1, 2**31 - 1)) == [StreamReset(1, ErrorCode.FLOW_CONTROL_ERROR)]
    assert resets(peer.sent()) == [(1, FLOW_CONTROL_ERROR)]


def test_a_window_of_the_connection_that_gets_too_wide() -> None:
    peer = responding()

    peer.send(window_update(0, 2**31 - 1))

    assert peer.error() == FLOW_CONTROL_ERROR


def test_a_window_that_is_widened_by_nothing() -> None:
    peer = responding()

    assert peer.send(window_update(1, 0)) == [StreamReset(1, ErrorCode.PROTOCOL_ERROR)]
    assert resets(peer.sent()) == [(1, PROTOCOL_ERROR)]


@pytest.mark.parametrize("increment", [0, 1])
def test_a_window_of_a_stream_that_has_ended(increment: int) -> None:
    peer = responding()
    peer.connection.finish(1)
    peer.sent()

    assert peer.send(window_update(1, increment)) == []
    assert peer.sent() == []
    assert peer.error() is None


def test_how_much_there_is_to_send_is_known() -> None:
    peer = Peer()
    peer.connection.ping(bytes(8))
    assert peer.connection.output_size == 17

    peer.connection.take_output()

    assert peer.connection.output_size == 0
    assert peer.connection.take_output() == b""
