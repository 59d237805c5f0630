"""Header blocks come in pieces, too large, interrupted, or malformed."""

import pytest

from tests.http2.peer import (
    CONTINUATION,
    END_HEADERS,
    END_STREAM,
    ENHANCE_YOUR_CALM,
    HEADERS,
    PADDED,
    PING,
    PROTOCOL_ERROR,
    REQUEST,
    WITH_PRIORITY,
    Peer,
    frame,
    resets,
)
from unisono.server.api.http.h2.errors import ConnectionFailed, ErrorCode
from unisono.server.api.http.h2.events import RequestReceived
from unisono.server.api.http.h2.header_blocks import HeaderDecoder
from unisono.server.api.http.h2.state import Http2Limits


def test_padding_and_priority_around_a_block() -> None:
    peer = Peer()
    block = b"\x02" + b"\x80\0\0\7\x10" + peer.encoder.encode(list(REQUEST)) + bytes(2)

    (event,) = peer.send(frame(HEADERS, END_HEADERS | PADDED | WITH_PRIORITY, 1, block))

    assert isinstance(event, RequestReceived)


def test_a_request_that_depends_on_itself() -> None:
    peer = Peer()
    block = b"\0\0\0\1\x10" + peer.encoder.encode(list(REQUEST))

    assert peer.send(frame(HEADERS, END_HEADERS | WITH_PRIORITY, 1, block)) == []

    assert resets(peer.sent()) == [(1, PROTOCOL_ERROR)]


def test_so_do_trailers() -> None:
    peer = Peer()
    peer.request()

    peer.send(frame(HEADERS, END_HEADERS | END_STREAM | WITH_PRIORITY, 1, b"\0\0\0\1\x10"))

    assert resets(peer.sent()) == [(1, PROTOCOL_ERROR)]


@pytest.mark.parametrize(
    "between", [frame(PING, payload=bytes(8)), frame(CONTINUATION, 4, 3), frame(HEADERS, 4, 1), frame(0xFA)]
)
def test_a_block_that_is_interrupted(between: bytes) -> None:
    peer = Peer()

    peer.send(frame(HEADERS, 0, 1, b"\x82"), between)

    assert peer.error() == PROTOCOL_ERROR


def test_a_flood_of_pieces() -> None:
    peer = Peer()

    peer.send(frame(HEADERS, 0, 1), *[frame(CONTINUATION, 0, 1)] * 17)

    assert peer.error() == ENHANCE_YOUR_CALM


def test_a_block_that_is_too_large() -> None:
    peer = Peer(Http2Limits(max_header_bytes=20_000))

    peer.send(frame(HEADERS, 0, 1, bytes(16_000)), frame(CONTINUATION, 0, 1, bytes(4001)))

    assert peer.error() == ENHANCE_YOUR_CALM


def test_too_many_headers_are_an_error_of_their_stream() -> None:
    # Given a client whose list is larger than it may be.
    peer = Peer(Http2Limits(max_header_bytes=1000))
    large = (*REQUEST, (b"large", b"x" * 1000), (b"indexed", b"1"))
    assert peer.request(1, large) == []
    assert resets(peer.sent()) == [(1, ENHANCE_YOUR_CALM)]
    # When it goes on, with entries of the table that the list made.
    (event,) = peer.request(3, (*REQUEST, (b"indexed", b"1")))
    # Then nothing of the table was lost.
    assert isinstance(event, RequestReceived)
    assert (b"indexed", b"1") in event.head.headers


def test_too_many_trailers_are_an_error_of_their_stream() -> None:
    peer = Peer(Http2Limits(max_header_bytes=1000))
    peer.request()

    peer.request(1, ((b"large", b"x" * 1000),), end=True)

    assert resets(peer.sent()) == [(1, ENHANCE_YOUR_CALM)]


def test_far_too_many_headers_end_the_connection() -> None:
    # Given an entry of the table that takes a byte to repeat.
    peer = Peer(Http2Limits(max_header_bytes=8000))
    peer.request(1, (*REQUEST, (b"large", b"x" * 3900)))
    # When a block repeats it ten thousand times.
    peer.send(frame(HEADERS, END_HEADERS, 3, b"\xbe" * 10_000))
    # Then that is too much to even decode.
    assert peer.error() == ENHANCE_YOUR_CALM


BAD = [
    REQUEST[1:],
    (REQUEST[0], *REQUEST[2:]),
    (*REQUEST[:2], REQUEST[3]),
    ((b":method", b""), *REQUEST[1:]),
    (*REQUEST, REQUEST[0]),
    (*REQUEST, (b":unknown", b"1")),
    (*REQUEST, (b":status", b"200")),
    (*REQUEST[:3], (b"a", b"b"), REQUEST[3]),
    (*REQUEST[:2], (b":path", b"/\r\n")),
    *(
        (*REQUEST, field)
        for field in (
            (b"", b"x"),
            (b"Upper", b"x"),
            (b"with blank", b"x"),
            (b"connection", b"close"),
            (b"proxy-connection", b"close"),
            (b"keep-alive", b"1"),
            (b"transfer-encoding", b"chunked"),
            (b"upgrade", b"h2c"),
            (b"te", b"gzip"),
            (b"a", b"1\n2"),
            (b"a", b"1\0"),
            (b"content-length", b"-1"),
            (b"content-length", b"1" * 16),
            (b"content-length", b""),
        )
    ),
    (*REQUEST, (b"content-length", b"1"), (b"content-length", b"2")),
    (),
]


@pytest.mark.parametrize("bad", BAD)
def test_requests_that_are_malformed(bad: tuple[tuple[bytes, bytes], ...]) -> None:
    peer = Peer()

    assert peer.request(fields=bad) == []

    assert resets(peer.sent()) == [(1, PROTOCOL_ERROR)]
    assert peer.connection.open_streams == 0
    assert peer.error() is None


def test_blanks_around_a_value_are_left_to_whoever_reads_it() -> None:
    peer = Peer()

    (event,) = peer.request(fields=(*REQUEST, (b"authorization", b" Bearer ")))

    assert isinstance(event, RequestReceived)
    assert (b"authorization", b" Bearer ") in event.head.headers


def test_the_same_length_twice_is_no_mistake() -> None:
    peer = Peer()

    (event,) = peer.request(fields=(*REQUEST, (b"content-length", b"1"), (b"content-length", b"1")))

    assert isinstance(event, RequestReceived)
    assert event.head.content_length == 1


def test_an_error_says_where_it_came_from() -> None:
    with pytest.raises(ConnectionFailed, match="wrong") as failed:
        HeaderDecoder(1000).decode(b"\x80")
    assert failed.value.code is ErrorCode.COMPRESSION_ERROR
