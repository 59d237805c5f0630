"""Bytes become frames however they are cut, and what is no frame ends the connection."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.http2.peer import (
    ACK,
    CONTINUATION,
    DATA,
    FRAME_SIZE_ERROR,
    GOAWAY,
    HEADERS,
    PADDED,
    PING,
    PREFACE,
    PRIORITY,
    PROTOCOL_ERROR,
    PUSH_PROMISE,
    REQUEST,
    RST_STREAM,
    SETTINGS,
    UNKNOWN,
    WINDOW_UPDATE,
    WITH_PRIORITY,
    Peer,
    frame,
    settings,
)
from unisono.server.api.http.h2.events import DataReceived, PeerGoesAway, PingAnswered, RequestReceived


def test_the_server_greets_by_its_settings() -> None:
    peer = Peer(greeted=False)

    first, second = peer.sent()

    assert (first.type, first.flags, first.stream_id) == (SETTINGS, 0, 0)
    values = dict(struct.iter_unpack(">HI", first.payload))
    assert values == {0x3: 1000, 0x4: 65_535, 0x6: 32 * 1024}
    assert (second.type, second.stream_id, second.number) == (WINDOW_UPDATE, 0, 1024 * 1024 - 65_535)


def test_a_client_is_greeted_by_its_preface_and_settings() -> None:
    peer = Peer(greeted=False)
    peer.sent()

    def state() -> tuple[bool, bool, bool]:
        connection = peer.connection
        return connection.unfinished is not None, connection.is_greeted, connection.settings_acknowledged

    peer.send(PREFACE[:5])
    assert state() == (True, False, False)
    peer.send(PREFACE[5:])
    assert state() == (False, False, False)
    peer.send(settings({})[:3])
    assert state() == (True, False, False)
    peer.send(settings({})[3:])
    assert state() == (False, True, False)
    peer.send(frame(SETTINGS, ACK))
    assert state() == (False, True, True)
    assert [(one.type, one.flags) for one in peer.sent()] == [(SETTINGS, ACK)]


@pytest.mark.parametrize(
    "first",
    [
        b"GET / HTTP/1.1\r\n",
        b"PRI * HTTP/2.0\r\n\r\nXX",
        PREFACE + frame(PING, payload=bytes(8)),
        PREFACE + frame(SETTINGS, ACK),
    ],
)
def test_another_beginning_ends_the_connection(first: bytes) -> None:
    peer = Peer(greeted=False)

    assert peer.send(first) == []

    assert peer.error() == PROTOCOL_ERROR
    assert peer.sent()[-1].goaway == (0, PROTOCOL_ERROR)


def test_nothing_is_taken_after_an_error() -> None:
    peer = Peer()
    peer.send(frame(PING, payload=b"short"))

    assert peer.request() == []
    assert peer.connection.open_streams == 0


@given(st.lists(st.integers(1, 40), min_size=1))
def test_frames_are_whole_however_they_are_cut(sizes: list[int]) -> None:
    # Given a conversation.
    peer = Peer(greeted=False)
    body = bytes(range(100))
    whole = b"".join(
        (
            PREFACE,
            settings({0x4: 1000}),
            peer.headers(1),
            frame(UNKNOWN, 0xFF, 77, b"?"),
            frame(DATA, 0, 1, body[:50]),
            frame(PING, payload=b"12345678"),
            frame(DATA, 1, 1, body[50:]),
        )
    )
    # When it comes in pieces.
    events, at, turn = [], 0, 0
    while at < len(whole):
        size = sizes[turn % len(sizes)]
        events += peer.send(whole[at : at + size])
        at, turn = at + size, turn + 1
    # Then it is what it would be in one.
    assert [type(event) for event in events] == [RequestReceived, DataReceived, DataReceived]
    assert b"".join(event.data for event in events if isinstance(event, DataReceived)) == body
    assert peer.connection.unfinished is None
    assert peer.error() is None


def test_frames_of_unknown_types_are_passed_over() -> None:
    peer = Peer()

    assert peer.send(frame(UNKNOWN, 0xFF, 5, bytes(100))) == []

    assert peer.error() is None
    assert peer.sent() == []


def test_the_reserved_bit_is_passed_over() -> None:
    peer = Peer()
    peer.request()

    (event,) = peer.send(frame(DATA, 0, 0x8000_0001, b"abc"))

    assert isinstance(event, DataReceived)
    assert (event.stream_id, event.data) == (1, b"abc")


def test_a_ping_is_answered() -> None:
    peer = Peer()

    peer.send(frame(PING, payload=b"12345678"))

    assert [(one.type, one.flags, one.payload) for one in peer.sent()] == [(PING, ACK, b"12345678")]


def test_an_answer_to_a_ping_is_told() -> None:
    peer = Peer()
    peer.connection.ping(b"abcdefgh")

    assert [(one.type, one.flags, one.payload) for one in peer.sent()] == [(PING, 0, b"abcdefgh")]
    assert peer.send(frame(PING, ACK, payload=b"abcdefgh")) == [PingAnswered(b"abcdefgh")]
    assert peer.sent() == []


def test_a_client_that_goes_away_is_told() -> None:
    peer = Peer()

    assert peer.send(frame(GOAWAY, payload=struct.pack(">II", 0, 2) + b"bye")) == [PeerGoesAway(2)]


TOO_SHORT = [
    frame(PING, payload=bytes(7)),
    frame(PING, payload=bytes(9)),
    frame(SETTINGS, payload=bytes(5)),
    frame(SETTINGS, ACK, payload=bytes(6)),
    frame(RST_STREAM, 0, 1, bytes(3)),
    frame(WINDOW_UPDATE, 0, 1, bytes(5)),
    frame(PRIORITY, 0, 3, bytes(4)),
    frame(HEADERS, WITH_PRIORITY, 3, bytes(4)),
    frame(GOAWAY, payload=bytes(7)),
    frame(DATA, 0, 1, bytes(16_385))[:9],
]


@pytest.mark.parametrize("bad", TOO_SHORT)
def test_frames_of_a_wrong_size(bad: bytes) -> None:
    peer = Peer()
    peer.request()

    peer.send(bad)

    assert peer.error() == FRAME_SIZE_ERROR
    assert peer.sent()[-1].goaway == (1, FRAME_SIZE_ERROR)


OF_THE_WRONG_STREAM = [
    frame(DATA, 0, 0, b"a"),
    frame(DATA, 0, 2, b"a"),
    frame(DATA, 0, 3, b"a"),
    frame(HEADERS, 4, 0),
    frame(HEADERS, 4, 2),
    frame(PRIORITY, 0, 0, bytes(5)),
    frame(RST_STREAM, 0, 0, bytes(4)),
    frame(RST_STREAM, 0, 2, bytes(4)),
    frame(RST_STREAM, 0, 3, bytes(4)),
    frame(SETTINGS, 0, 1),
    frame(PUSH_PROMISE, 4, 1, bytes(4)),
    frame(PING, 0, 1, bytes(8)),
    frame(GOAWAY, 0, 1, bytes(8)),
    frame(WINDOW_UPDATE, 0, 2, bytes(4)),
    frame(WINDOW_UPDATE, 0, 3, bytes(4)),
    frame(WINDOW_UPDATE, 0, 0, bytes(4)),
    frame(CONTINUATION, 4, 1),
    frame(PRIORITY, 0, 3, struct.pack(">IB", 3, 0)),
    frame(PRIORITY, 0, 2, struct.pack(">IB", 2, 0)),
    frame(DATA, PADDED, 1, b"\x01"),
    frame(DATA, PADDED, 1, b""),
    frame(HEADERS, PADDED | 4, 3, b"\x05abc"),
]


@pytest.mark.parametrize("bad", OF_THE_WRONG_STREAM)
def test_frames_that_may_not_be_there(bad: bytes) -> None:
    peer = Peer()
    peer.request()

    peer.send(bad)

    assert peer.error() == PROTOCOL_ERROR
    assert peer.sent()[-1].goaway == (1, PROTOCOL_ERROR)


def test_the_reason_is_told_within_limits() -> None:
    peer = Peer()
    peer.connection.end("x" * 1000)

    (goaway,) = peer.sent()

    assert goaway.payload[8:] == b"x" * 256


def test_a_request_has_its_headers() -> None:
    peer = Peer()

    (event,) = peer.request(fields=(*REQUEST, (b"te", b"trailers")), end=True)

    assert isinstance(event, RequestReceived)
    assert (event.stream_id, event.ended) == (1, True)
    assert (event.head.method, event.head.path) == (b"POST", b"/unisono.Test/Method")
    assert tuple(event.head.headers) == ((b"te", b"trailers"),)
    assert event.head.content_length is None
