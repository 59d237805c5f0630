"""What a client sets holds at once, for the streams that there are, too (RFC 9113, section 6.9.2)."""

import pytest

from tests.http2.peer import (
    ACK,
    DATA,
    FLOW_CONTROL_ERROR,
    PREFACE,
    PROTOCOL_ERROR,
    RESPONSE,
    SETTINGS,
    Peer,
    frame,
    resets,
    settings,
    window_update,
)
from unisono.server.api.http.h2.state import Http2Limits

ENABLE_PUSH, STREAMS, WINDOW, FRAME_SIZE = 0x2, 0x3, 0x4, 0x5


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        (ENABLE_PUSH, 2, PROTOCOL_ERROR),
        (WINDOW, 2**31, FLOW_CONTROL_ERROR),
        (FRAME_SIZE, 16_383, PROTOCOL_ERROR),
        (FRAME_SIZE, 2**24, PROTOCOL_ERROR),
    ],
)
def test_values_out_of_bounds(name: int, value: int, code: int) -> None:
    peer = Peer()

    peer.send(settings({name: value}))

    assert peer.error() == code


def test_other_values_are_acknowledged() -> None:
    peer = Peer()

    peer.send(
        settings({0x1: 0, ENABLE_PUSH: 0, STREAMS: 0, WINDOW: 2**31 - 1, FRAME_SIZE: 2**24 - 1, 0xFF: 1})
    )

    assert peer.error() is None
    assert [(one.type, one.flags) for one in peer.sent()] == [(SETTINGS, ACK)]


def test_a_wider_window_lets_what_waits_go_on() -> None:
    # Given a response of which only ten bytes may go.
    peer = Peer(own={WINDOW: 10})
    peer.request(end=True)
    peer.connection.send_headers(1, RESPONSE)
    peer.connection.send_data(1, b"x" * 25)
    assert peer.body(peer.sent()) == b"x" * 10
    # When the client widens all windows.
    peer.send(settings({WINDOW: 20}))
    # Then as much more goes.
    assert peer.body(peer.sent()) == b"x" * 10
    assert peer.connection.waiting(1) == 5


def test_a_smaller_window_may_be_negative() -> None:
    # Given a response that has taken ten bytes of a window.
    peer = Peer(own={WINDOW: 10})
    peer.request(end=True)
    peer.connection.send_headers(1, RESPONSE)
    peer.connection.send_data(1, b"x" * 20)
    peer.sent()
    # When the window gets smaller than that, and wider again by as little.
    peer.send(settings({WINDOW: 4}))
    peer.send(window_update(1, 6))
    # Then nothing goes, until there is room.
    assert peer.body(peer.sent()) == b""
    peer.send(window_update(1, 3))
    assert peer.body(peer.sent()) == b"x" * 3


def test_a_window_that_gets_too_wide() -> None:
    peer = Peer()
    peer.request()
    peer.send(window_update(1, 2**31 - 1 - 65_535))
    assert peer.error() is None

    peer.send(settings({WINDOW: 65_536}))

    assert peer.error() == FLOW_CONTROL_ERROR


def test_larger_frames_are_not_sent() -> None:
    peer = Peer(own={FRAME_SIZE: 2**20, WINDOW: 2**20})
    peer.request(end=True)
    peer.connection.send_headers(1, RESPONSE)
    peer.connection.send_data(1, bytes(40_000))

    assert [len(one.payload) for one in peer.sent() if one.type == DATA] == [16_384, 16_384, 40_000 - 32_768]


def test_until_it_knows_a_smaller_window_a_client_may_fill_the_usual_one() -> None:
    # Given a server with small windows, and a client that has not acknowledged that.
    limits = Http2Limits(stream_window=1000)
    peer = Peer(limits, greeted=False)
    peer.send(PREFACE + settings({}))
    peer.request()
    peer.sent()
    # When it sends more.
    assert len(peer.data(bytes(5000))) == 1
    # Then that is taken, and so is what ends it after the acknowledgement, when the window is negative.
    assert resets(peer.sent()) == []
    peer.send(frame(SETTINGS, ACK), frame(SETTINGS, ACK))
    peer.data(b"", end=True)
    assert resets(peer.sent()) == []


def test_afterwards_it_may_not() -> None:
    peer = Peer(Http2Limits(stream_window=1000))
    peer.request()

    peer.data(bytes(1001))

    assert resets(peer.sent()) == [(1, FLOW_CONTROL_ERROR)]


def test_a_wider_window_is_the_clients_once_it_knows() -> None:
    peer = Peer(Http2Limits(stream_window=100_000), greeted=False)
    peer.send(PREFACE + settings({}))
    peer.request()

    peer.send(frame(SETTINGS, ACK))
    for _ in range(10):
        peer.data(bytes(10_000))

    assert resets(peer.sent()) == []
    peer.data(b"x")
    assert resets(peer.sent()) == [(1, FLOW_CONTROL_ERROR)]
