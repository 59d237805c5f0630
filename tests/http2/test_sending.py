"""Bodies go out as windows and the socket allow: whole, in order, in turn."""

from tests.http2.peer import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    NO_ERROR,
    RESPONSE,
    RST_STREAM,
    TRAILERS,
    WINDOW,
    Peer,
    resets,
    responding,
    rst_stream,
    settings,
    window_update,
)
from unisono.server.api.http.h2.errors import ErrorCode
from unisono.server.api.http.h2.events import WriteResumed


def test_a_response_is_headers_data_and_trailers() -> None:
    peer = Peer()
    peer.request(end=True)

    peer.connection.send_headers(1, RESPONSE)
    peer.connection.send_data(1, b"hello")
    peer.connection.send_data(1, b"")
    peer.connection.finish(1, TRAILERS)

    head, data, trailers = peer.sent()
    assert (head.type, head.flags, peer.fields(head)) == (HEADERS, END_HEADERS, list(RESPONSE))
    assert (data.type, data.flags, data.payload) == (DATA, 0, b"hello")
    assert (trailers.type, trailers.flags) == (HEADERS, END_HEADERS | END_STREAM)
    assert peer.fields(trailers) == list(TRAILERS)
    assert peer.connection.open_streams == 0


def test_a_response_without_a_body() -> None:
    peer = Peer()
    peer.request(end=True)

    peer.connection.send_headers(1, RESPONSE, end_stream=True)

    (head,) = peer.sent()
    assert head.ended
    assert peer.connection.open_streams == 0


def test_a_response_without_trailers() -> None:
    peer = responding()
    peer.connection.send_data(1, b"hello")
    peer.connection.finish(1)

    assert [(one.type, one.flags, one.payload) for one in peer.sent()] == [
        (DATA, 0, b"hello"),
        (DATA, END_STREAM, b""),
    ]


def test_headers_that_do_not_fit_into_a_frame() -> None:
    peer = Peer()
    peer.request(end=True)
    large = (*RESPONSE, (b"large", bytes(40_000).replace(b"\0", b"x")))

    peer.connection.send_headers(1, large)

    sent = peer.sent()
    assert [(one.type, one.flags) for one in sent] == [
        (HEADERS, 0),
        (CONTINUATION, 0),
        (CONTINUATION, END_HEADERS),
    ]
    block = sent[0]._replace(payload=b"".join(one.payload for one in sent))
    peer.decoder.max_header_list_size = 100_000
    assert peer.fields(block) == list(large)


def test_a_body_that_goes_on_is_refused_after_the_response() -> None:
    peer = responding(end=False)
    peer.connection.finish(1, TRAILERS)

    trailers, reset = peer.sent()
    assert trailers.ended
    assert (reset.type, reset.number) == (RST_STREAM, NO_ERROR)
    # What was under way is passed over.
    assert peer.data(b"late") == []
    assert peer.request(fields=(), end=True) == []
    assert peer.sent() == []


def test_it_is_refused_once_where_the_end_had_to_wait() -> None:
    # Given a response of several frames that waits for a window, and a request that goes on.
    peer = responding(window=0, end=False)
    peer.connection.send_data(1, bytes(60_000))
    peer.connection.finish(1, TRAILERS)
    # When all of it may go at once.
    events = peer.send(settings({WINDOW: 65_535}))
    # Then the stream ends once.
    sent = peer.sent()
    assert events == [WriteResumed(1)]
    assert len(peer.body(sent)) == 60_000
    assert [one.type for one in sent].count(RST_STREAM) == 1
    assert sent[-1].type == RST_STREAM
    assert sent[-2].ended
    assert peer.connection.open_streams == 0


def test_a_reset_right_after_the_end_is_passed_over() -> None:
    # Given a response whose end waits.
    peer = responding(window=0, end=False)
    peer.connection.send_data(1, b"x")
    peer.connection.finish(1, TRAILERS)
    # When the window of the connection moves all, and the client resets in one go.
    events = peer.send(window_update(0, 1), window_update(1, 1), rst_stream(1))
    # Then it is over already.
    assert events == [WriteResumed(1)]
    assert resets(peer.sent()) == [(1, NO_ERROR)]


def test_the_end_waits_for_what_waits() -> None:
    peer = responding(window=3)
    peer.connection.send_data(1, b"abcdef")
    peer.connection.finish(1, TRAILERS)

    assert [(one.type, one.payload) for one in peer.sent()] == [(DATA, b"abc")]
    assert peer.connection.waiting(1) == 3
    peer.send(window_update(1, 2))
    assert [(one.type, one.payload) for one in peer.sent()] == [(DATA, b"de")]
    assert peer.send(window_update(1, 2)) == [WriteResumed(1)]
    data, trailers = peer.sent()
    assert (data.payload, trailers.ended) == (b"f", True)
    assert peer.connection.open_streams == 0
    assert peer.connection.waiting(1) == 0


def test_nothing_is_sent_after_the_end() -> None:
    peer = responding(window=3)
    peer.connection.send_data(1, b"abcdef")
    peer.connection.finish(1)
    peer.connection.send_data(1, b"more")
    peer.connection.finish(1, TRAILERS)
    peer.connection.send_headers(1, RESPONSE)

    peer.send(window_update(1, 100))

    assert peer.body(peer.sent()) == b"abcdef"


def test_what_is_done_to_a_stream_that_is_not_there_does_nothing() -> None:
    peer = Peer()

    peer.connection.send_headers(1, RESPONSE)
    peer.connection.send_data(1, b"x")
    peer.connection.finish(1)
    peer.connection.reset(1, ErrorCode.CANCEL)

    assert peer.sent() == []
