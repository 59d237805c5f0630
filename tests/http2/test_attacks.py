"""Known attacks on servers of HTTP/2: who does one is ended soon, and has no more done than others.

Floods of pings, settings, priorities and empty frames (CVE-2019-9512, 9513, 9515, 9518) are in `test_floods`,
those of CONTINUATION (CVE-2024-27316) in `test_header_pieces`, resets in a loop (CVE-2023-44487) and clients
that do not read (CVE-2019-9517) in `tests.http`.
"""

from collections.abc import Callable
from typing import Final

import pytest

from tests.http2.peer import (
    DATA,
    END_HEADERS,
    END_STREAM,
    ENHANCE_YOUR_CALM,
    HEADERS,
    PRIORITY,
    REFUSED_STREAM,
    REQUEST,
    RESPONSE,
    WINDOW,
    Peer,
    frame,
    resets,
    responding,
    rst_stream,
    settings,
    window_update,
)
from unisono.server.api.http.h2.calm import AFTERMATH, LARGE, REFUSED_PER_SECOND, USELESS_PER_SECOND
from unisono.server.api.http.h2.events import RequestReceived, StreamReset
from unisono.server.api.http.h2.header_blocks import MOST_FIELDS
from unisono.server.api.http.h2.output import Output
from unisono.server.api.http.h2.state import Http2Limits

#: What makes us reset an open stream, by its id (MadeYouReset, CVE-2025-8671).
MISTAKES: Final = {
    "an update by nothing": lambda stream_id: window_update(stream_id, 0),
    "an update beyond the largest window": lambda stream_id: window_update(stream_id, 2**31 - 1),
    "a priority of a wrong size": lambda stream_id: frame(PRIORITY, 0, stream_id, bytes(4)),
    "a stream that depends on itself": lambda stream_id: frame(
        PRIORITY, 0, stream_id, stream_id.to_bytes(4, "big") + b"\0"
    ),
    "trailers that end nothing": lambda stream_id: frame(HEADERS, END_HEADERS, stream_id, b""),
    "a body that is too long": lambda stream_id: frame(DATA, 0, stream_id, b"more than it says"),
}

FIELDS: Final = (*REQUEST, (b"content-length", b"4"))


@pytest.mark.parametrize("name", MISTAKES)
def test_who_makes_us_reset_streams_has_no_more_of_them_at_a_time(name: str) -> None:
    # Given room for two, and nobody who handles them ends
    peer = Peer(Http2Limits(max_streams=2))
    begun = []
    for stream_id in range(1, 21, 2):
        begun += peer.request(stream_id, FIELDS)
        begun += peer.send(MISTAKES[name](stream_id)) if stream_id < 4 else []
    # Then two have begun, and all others are refused
    assert [type(one) for one in begun] == [RequestReceived, StreamReset] * 2
    assert [code for _, code in resets(peer.sent())][2:] == [REFUSED_STREAM] * 8
    assert peer.connection.open_streams == 0


@pytest.mark.parametrize("name", MISTAKES)
def test_who_makes_us_reset_streams_again_and_again_is_ended(name: str) -> None:
    peer = Peer()
    peer.now = 10.0
    for stream_id in range(1, 2 * USELESS_PER_SECOND + 1, 2):
        peer.request(stream_id, FIELDS)
        peer.send(MISTAKES[name](stream_id))
        peer.connection.lingered()
    assert peer.error() is None

    peer.request(2 * USELESS_PER_SECOND + 1, FIELDS)
    peer.send(MISTAKES[name](2 * USELESS_PER_SECOND + 1))

    assert peer.error() == ENHANCE_YOUR_CALM


@pytest.mark.parametrize("name", MISTAKES)
def test_who_makes_mistakes_now_and_then_goes_on(name: str) -> None:
    peer = Peer()
    for stream_id in range(1, 1001, 2):
        peer.request(stream_id, FIELDS)
        peer.send(MISTAKES[name](stream_id))
        peer.connection.lingered()
        peer.now += 0.02

    assert peer.error() is None


def test_one_stream_too_many_is_no_mistake() -> None:
    peer = Peer(Http2Limits(max_streams=1))
    for stream_id in range(1, 2001, 2):
        peer.request(stream_id)

    assert peer.error() is None


def test_who_begins_streams_that_are_too_many_on_and_on_is_ended() -> None:
    """A client that resets them at once waits for no answer (CVE-2023-44487)."""
    peer = Peer(Http2Limits(max_streams=1))
    peer.now = 10.0
    stream_id = 1
    while peer.error() is None:
        peer.send(peer.headers(stream_id), rst_stream(stream_id))
        stream_id += 2

    assert peer.error() == ENHANCE_YOUR_CALM
    assert stream_id // 2 == 1 + REFUSED_PER_SECOND + 1


def test_who_gives_up_more_than_there_is_room_for_now_and_then_goes_on() -> None:
    peer = Peer(Http2Limits(max_streams=1))
    for stream_id in range(1, 20 * REFUSED_PER_SECOND, 2):
        peer.send(peer.headers(stream_id), frame(DATA, END_STREAM, stream_id), rst_stream(stream_id))
        peer.now += 2 / REFUSED_PER_SECOND

    assert peer.error() is None


@pytest.mark.parametrize("after", [lambda id_: rst_stream(id_), lambda id_: frame(DATA, 0, id_, b"x")])
def test_who_goes_on_about_a_stream_that_is_over_is_ended(after: Callable[[int], bytes]) -> None:
    # Given a stream that is refused
    peer = Peer(Http2Limits(max_streams=1))
    peer.now = 10.0
    peer.request(1)
    peer.request(3)
    sent = 0
    while peer.error() is None:
        peer.send(after(3))
        sent += 1
    # Then what was under way is taken: a few frames for each stream that there was
    assert sent == 2 * AFTERMATH + USELESS_PER_SECOND + 1
    assert peer.error() == ENHANCE_YOUR_CALM


def test_headers_without_names_are_no_request_and_leave_nothing() -> None:
    """CVE-2019-9516."""
    peer = Peer()
    peer.now = 10.0
    stream_id = 1
    while peer.error() is None:
        peer.send(frame(HEADERS, END_HEADERS, stream_id, b"\0\0\0" * 100))
        stream_id += 2

    assert stream_id // 2 == USELESS_PER_SECOND + 1
    assert peer.connection.open_streams == 0


def test_a_list_of_many_small_headers_is_too_large() -> None:
    peer = Peer()
    fields = [(b"a", b"")] * (MOST_FIELDS - len(REQUEST))
    assert peer.request(1, (*REQUEST, *fields))

    assert peer.request(3, (*REQUEST, *fields, (b"a", b""))) == []

    assert resets(peer.sent()) == [(3, ENHANCE_YOUR_CALM)]


def test_a_list_that_takes_a_byte_for_each_header_is_decoded_to_an_end() -> None:
    peer = Peer()
    peer.send(frame(HEADERS, END_HEADERS, 1, b"\x82" * 16_000))

    assert peer.error() == ENHANCE_YOUR_CALM


def test_lists_that_are_too_large_are_decoded_a_few_times() -> None:
    """Each takes a byte for a header that the client said once (a bomb of HPACK)."""
    peer = Peer()
    bomb = peer.encoder.encode([(b"a", bytes(4000))])
    peer.send(frame(HEADERS, END_HEADERS, 1, bomb))
    stream_id = 3
    while peer.error() is None:
        peer.send(frame(HEADERS, END_HEADERS, stream_id, b"\xbe" * 20))
        stream_id += 2

    assert stream_id // 2 - 1 <= USELESS_PER_SECOND // LARGE + 1


@pytest.mark.parametrize("stream_id", [0, 1], ids=["the connection", "a stream"])
def test_updates_of_a_window_that_nothing_is_behind(stream_id: int) -> None:
    # Given many responses that wait for their windows
    peer = responding(window=0, streams=100)
    for number in range(1, 201, 2):
        peer.connection.send_data(number, b"waits")
    # When a window is widened bit by bit
    sent = 0
    while peer.error() is None:
        peer.send(window_update(stream_id, 1))
        sent += 1
    # Then there is an end to it: a few are taken for each stream, and for the data of one
    assert sent < 1000
    assert peer.error() == ENHANCE_YOUR_CALM


def test_a_body_that_is_taken_byte_by_byte() -> None:
    """CVE-2019-9511."""
    peer = responding(window=0)
    peer.connection.send_data(1, bytes(100_000))
    taken = 0
    while peer.error() is None:
        peer.send(window_update(1, 1))
        taken += 1

    assert taken <= USELESS_PER_SECOND + 10


def test_who_sets_windows_to_one_byte_again_and_again() -> None:
    peer = responding(window=0, streams=50)
    for number in range(1, 101, 2):
        peer.connection.send_data(number, b"waits")
    turns = 0
    while peer.error() is None:
        peer.send(settings({WINDOW: 1}), settings({WINDOW: 0}))
        turns += 1

    assert 2 * turns <= USELESS_PER_SECOND + 2


def test_who_updates_both_windows_for_each_part_of_a_body_goes_on() -> None:
    peer = responding()
    for _ in range(2000):
        peer.connection.send_data(1, b"an event")
        peer.send(window_update(0, 8), window_update(1, 8))

    assert peer.error() is None


@pytest.mark.parametrize("size", [256, 4096, 16_384, 40_000])
def test_who_takes_a_large_body_by_parts_goes_on(size: int) -> None:
    # Given a client that makes room for as much as it has read, of both windows
    peer = responding()
    peer.connection.send_data(1, bytes(size * 200))
    taken = 0
    for _ in range(200):
        peer.send(window_update(0, size), window_update(1, size))
        taken += len(peer.body(peer.sent()))

    assert peer.error() is None
    assert taken == size * 200


def test_who_widens_the_window_of_each_request_goes_on() -> None:
    peer = Peer()
    for stream_id in range(1, 4001, 2):
        peer.request(stream_id, end=True)
        peer.send(window_update(stream_id, 100_000), window_update(0, 1000))
        peer.connection.send_headers(stream_id, RESPONSE, end_stream=True)

    assert peer.error() is None


def test_streams_that_wait_for_their_own_windows_are_not_looked_at_for_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    peer = responding(window=0, streams=100)
    for number in range(1, 201, 2):
        peer.connection.send_data(number, b"waits")
    turns: list[Output] = []
    monkeypatch.setattr(Output, "pump_all", turns.append)

    peer.send(*[window_update(0, 1)] * 100)

    assert not turns
