"""However much a client sends at once, it is taken in turns, so that others have theirs in between."""

from tests.http2.peer import DATA, REQUEST, Peer, frame
from unisono.server.api.http.h2.connection import FRAMES_PER_TURN
from unisono.server.api.http.h2.events import DataReceived, Event, RequestReceived
from unisono.server.api.http.h2.state import Http2Limits


def begun(events: list[Event]) -> list[int]:
    return [one.stream_id for one in events if isinstance(one, RequestReceived)]


def many(peer: Peer, count: int) -> tuple[list[int], bytes]:
    """The ids of requests, and their frames."""
    ids = list(range(1, 2 * count, 2))
    return ids, b"".join(peer.headers(stream_id, REQUEST, end=True) for stream_id in ids)


def test_a_turn_takes_so_many_frames_and_leaves_the_others_in_their_order() -> None:
    peer = Peer(Http2Limits(max_streams=10_000))
    ids, data = many(peer, 3 * FRAMES_PER_TURN + 10)
    connection = peer.connection
    # When all of them come at once
    turns = [begun(list(connection.receive(data, peer.now)))]
    while connection.has_more:
        turns.append(begun(list(connection.receive(b"", peer.now))))
    # Then they are taken in four turns, and none is lost
    assert [len(turn) for turn in turns] == [FRAMES_PER_TURN] * 3 + [10]
    assert [stream_id for turn in turns for stream_id in turn] == ids


def test_what_comes_when_it_is_not_the_turn_follows_what_came_before() -> None:
    peer = Peer(Http2Limits(max_streams=10_000))
    _, data = many(peer, FRAMES_PER_TURN)
    body = frame(DATA, 0, 2 * FRAMES_PER_TURN + 1, b"body")
    request = peer.headers(2 * FRAMES_PER_TURN + 1, REQUEST)
    connection = peer.connection

    connection.receive(data + request[:5], peer.now)
    assert connection.has_more
    connection.keep(request[5:])
    connection.keep(body)
    after = connection.receive(b"", peer.now)

    assert [type(one) for one in after] == [RequestReceived, DataReceived]
    assert not connection.has_more


def test_a_full_turn_that_leaves_nothing_is_the_last_one() -> None:
    peer = Peer(Http2Limits(max_streams=10_000))
    peer.connection.receive(many(peer, FRAMES_PER_TURN)[1], peer.now)

    assert not peer.connection.has_more


def test_whole_frames_that_wait_for_their_turn_are_not_unfinished() -> None:
    peer = Peer(Http2Limits(max_streams=10_000))
    peer.connection.receive(many(peer, FRAMES_PER_TURN + 1)[1], peer.now)
    assert peer.connection.has_more
    assert peer.connection.unfinished is None
