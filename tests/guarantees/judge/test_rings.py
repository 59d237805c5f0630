"""The judge holds what a device rings for to what it shows meanwhile, and to what it had missed."""

from dataclasses import replace

from tests.guarantees.judge.by_hand import BOB, batch, judged, row, stream, synced, welcome
from unisono.v1 import notification_pb2 as pb
from unisono.v1.feed_service_pb2 import SubscribeResponse
from unisono.verify.history import History, Ring, Stall, Stream


def new(revision: int, **fields: object) -> pb.Notification:
    """Return a notification that was made, and rang, at this revision."""
    one = row(revision)
    one.id, one.alert_revision = f"n{revision}", revision
    one.MergeFrom(pb.Notification(**fields))  # type: ignore[arg-type]
    return one


def told(*rows: pb.Notification, complete: bool = False) -> SubscribeResponse:
    """Return a batch with an alert for each of the rows."""
    last = max(one.revision for one in rows)
    together = SubscribeResponse(resume_token=b"%d" % last, revision=last, complete=complete)
    for one in rows:
        (event,) = batch(one.revision, one, b"").event_batch.events
        event.alert = True
        together.event_batch.events.append(event)
    together.unread_count = len(rows)
    return together


def ring(time: float, revision: int, *, at: int) -> Ring:
    return Ring(
        principal=BOB,
        endpoint_id="tv",
        time=time,
        notification_id=f"n{revision}",
        alert_revision=revision,
        revision=at,
    )


def of_another_device(one: Stream) -> Stream:
    request = type(one.request).FromString(one.request.SerializeToString())
    request.endpoint_id = "car"
    return replace(one, request=request)


def broken(history: History) -> set[str]:
    return set(judged(history))


def resumed() -> list[Stream]:
    """A stream that is complete at 1, and one that goes on from there with two, and is live with a third."""
    live = told(new(4), complete=True)
    live.unread_count = 3
    return [
        stream(1000, welcome(1), synced(1, 0, b"a")),
        stream(1002, welcome(1), told(new(2), new(3)), synced(3, 2), live, token=b"a"),
    ]


def test_the_newest_of_what_was_missed_rings_and_each_that_comes_live() -> None:
    rings = [ring(1002.25, 3, at=3), ring(1002.35, 4, at=4)]

    assert broken(History(streams=resumed(), rings=rings)) == set()


def test_two_of_what_was_missed_are_too_many() -> None:
    both = [ring(1002.25, 2, at=3), ring(1002.25, 3, at=3)]

    assert broken(History(streams=resumed(), rings=both)) == {"Collapsed"}


def test_also_when_the_second_rings_late() -> None:
    late = [ring(1002.25, 2, at=3), ring(1002.9, 3, at=4)]

    assert broken(History(streams=resumed(), rings=late)) == {"Collapsed"}


def test_a_second_ring_for_one_alert() -> None:
    twice = [ring(1002.25, 3, at=3), ring(1002.9, 3, at=4)]

    assert "Resumable" in broken(History(streams=resumed(), rings=twice))


def test_another_device_may_ring_for_the_same() -> None:
    mine = ring(1002.25, 3, at=3)
    theirs = replace(mine, endpoint_id="car")

    streams = [*resumed(), *map(of_another_device, resumed())]
    assert broken(History(streams=streams, rings=[mine, theirs])) == set()


def test_a_ring_for_what_was_read_dismissed_snoozed_or_is_gone() -> None:
    for handled in (
        {"read_state": pb.READ_STATE_READ},
        {"user_action_state": pb.USER_ACTION_STATE_DISMISSED},
        {"user_action_state": pb.USER_ACTION_STATE_SNOOZED},
    ):
        streams = [stream(1000, welcome(1), told(new(2, **handled)), synced(2, 0))]
        assert "Resumable" in broken(History(streams=streams, rings=[ring(1000.5, 2, at=2)]))
    assert "Resumable" in broken(History(streams=resumed(), rings=[ring(1002.25, 9, at=3)]))


def test_a_ring_before_or_without_its_complete_point() -> None:
    assert "Resumable" in broken(History(streams=resumed(), rings=[ring(1002.15, 3, at=3)]))
    assert "Resumable" in broken(History(streams=resumed(), rings=[ring(1002.25, 3, at=2)]))


def test_what_came_live_before_a_stall_ended_rings_once() -> None:
    """The device went on reading: each of them was a complete point of its own."""
    first, second = told(new(2), complete=True), told(new(3), complete=True)
    second.unread_count = 2
    messages = (welcome(1), synced(1, 0), first, second)
    streams, known = [stream(1002, *messages)], [of_another_device(stream(1001, *messages))]
    rings = [ring(1002.25, 2, at=2), ring(1002.35, 3, at=3)]
    stall = Stall(principal=BOB, endpoint_id="tv", began=1001, ended=1002.15)

    assert broken(History(streams=streams, rings=rings)) == set()
    assert broken(History(streams=streams + known, rings=rings, stalls=[stall])) == {"Collapsed"}
    # What came after it, by all that is known, is news.
    assert broken(History(streams=streams, rings=rings, stalls=[stall])) == set()
    # And so is what rang before.
    later = replace(stall, ended=1002.3)
    assert broken(History(streams=streams + known, rings=rings, stalls=[later])) == set()
    # What it had told its program before, that may ring late.
    told_before = [replace(one, revision=1) for one in rings]
    found = judged(
        History(streams=streams + known, rings=told_before, stalls=[replace(stall, began=1002.11)])
    )
    assert "Collapsed" not in found
    # Another's is not about it.
    others = replace(stall, endpoint_id="car")
    assert broken(History(streams=streams + known, rings=rings, stalls=[others])) == set()
