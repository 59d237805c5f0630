"""Counts how often a history puts each promise to the test: with no test, it shows nothing of the promise."""

from collections import Counter
from collections.abc import Callable, Iterator
from math import inf
from typing import Final

from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_service_pb2 as pb
from unisono.verify.feeds import FeedKey, feed_followed, feed_of, feed_sent_to, named_in, revision_of
from unisono.verify.full_lists import listings_of
from unisono.verify.history import Annotation, History, Stream
from unisono.verify.lives import deletions_of
from unisono.verify.polls import polls_of
from unisono.verify.promises.bounded import BESIDE
from unisono.verify.promises.drained import was_welcomed
from unisono.verify.replay import replays_of
from unisono.verify.sends import sends_of

#: Numbers of checks by kind, such as "complete points"; the kinds are shown to people.
CheckCounts = dict[str, int]


def count_checks(history: History) -> dict[str, CheckCounts]:
    """Count the checks that the history allows, for each promise by its name, and by kind within it.

    All promises are in the result. One whose counts are all 0 was not put to the test.
    """
    return {promise: count(history) for promise, count in _COUNTS.items()}


def _durable(history: History) -> CheckCounts:
    first = _first_answers(history)
    lists = ((feed_of(call), call.began) for call in listings_of(history))
    return {
        "looks after a change": sum(began > first.get(feed, began) for feed, began in _looks(history)),
        "lists after a change": sum(began > first.get(feed, began) for feed, began in lists),
        "users deleted": sum(map(len, deletions_of(history).values())),
    }


def _first_answers(history: History) -> dict[FeedKey, float]:
    """Return when the first change of each feed was answered, in seconds since 1970."""
    changes = [(feed_of(call), call.ended) for call in history.calls if revision_of(call)]
    sends = [(feed_sent_to(sent), sent.call.ended) for sent in sends_of(history)]
    return dict(sorted((*changes, *sends), key=lambda change: change[1], reverse=True))


def _looks(history: History) -> Iterator[tuple[FeedKey, float]]:
    for call in history.calls:
        if isinstance(call.answer, feed_pb.GetFeedResponse):
            yield feed_of(call), call.began
    for poll in polls_of(history):
        yield poll.feed, poll.began
    for stream in history.streams:
        if any(received.message.complete for received in stream.messages):
            yield feed_followed(stream), stream.began


def _events(history: History) -> CheckCounts:
    return {"events": sum(1 for _ in _states_on_streams(history))}


def _complete(history: History) -> CheckCounts:
    received = (received for stream in history.streams for received in stream.messages)
    return {
        "complete points": sum(one.message.complete for one in received),
        "polls": sum(1 for _ in polls_of(history)),
    }


def _exact(history: History) -> CheckCounts:
    """Leave out devices that began at the end of the feed: they may lack notifications that are counted."""
    steps = (step for replay in replays_of(history) for step in replay.steps())
    return {"complete points": sum(step.message.complete and not step.state.start_revision for step in steps)}


def _convergent(history: History) -> CheckCounts:
    told = Counter((*_states_on_streams(history), *_states_in_answers(history)))
    return {"states told more than once": sum(count > 1 for count in told.values())}


def _resumable(history: History) -> CheckCounts:
    resumed = (stream for stream in history.streams if _is_resumed(stream))
    return {
        "resumes": sum(any(received.message.complete for received in stream.messages) for stream in resumed)
    }


def _collapsed(history: History) -> CheckCounts:
    return {"catch-ups": sum(map(_catches_up, history.streams))}


def _bounded(history: History) -> CheckCounts:
    return {"measured costs": sum(BESIDE not in annotation.values for annotation in _measured(history))}


def _fair(history: History) -> CheckCounts:
    return {
        "waits measured beside others": sum(BESIDE in annotation.values for annotation in _measured(history))
    }


def _measured(history: History) -> list[Annotation]:
    return [
        annotation
        for annotation in history.annotations
        if {"measured", "allowed"} <= annotation.values.keys()
    ]


def _isolated(history: History) -> CheckCounts:
    owners = {sent.result.id: feed_sent_to(sent) for sent in sends_of(history)}
    strange = (call for call in history.calls if owners.get(named_in(call), feed_of(call)) != feed_of(call))
    return {"tries of another's": sum(bool(call.code) for call in strange), **_events(history)}


def _drained(history: History) -> CheckCounts:
    stops = [annotation.time for annotation in history.annotations if annotation.name == "SIGTERM"]
    ends = ((stream, stream.ended or inf, stop) for stream in history.streams for stop in stops)
    return {
        "streams at a SIGTERM": sum(
            was_welcomed(stream, stop) and ended > stop for stream, ended, stop in ends
        )
    }


def _idempotent(history: History) -> CheckCounts:
    return {"repeated sends": sum(sent.result.deduplicated for sent in sends_of(history))}


def _states_on_streams(history: History) -> Iterator[tuple[str, int]]:
    for stream in history.streams:
        for received in stream.messages:
            for event in received.message.event_batch.events:
                yield event.notification_id, event.revision


def _states_in_answers(history: History) -> Iterator[tuple[str, int]]:
    for call in history.calls:
        match answer := call.answer:
            case pb.ListNotificationsResponse():
                yield from ((row.id, row.revision) for row in answer.notifications)
                yield from ((row.id, row.revision) for row in answer.removed_notifications)
            case pb.GetNotificationResponse() | pb.UpdateNotificationResponse():
                yield answer.notification.id, answer.notification.revision


def _catches_up(stream: Stream) -> bool:
    """Return whether events came before Synced."""
    for received in stream.messages:
        if received.message.HasField("synced"):
            return False
        if received.message.event_batch.events:
            return True
    return False


def _is_resumed(stream: Stream) -> bool:
    return any(received.message.welcome.resumed for received in stream.messages[:1])


_COUNTS: Final[dict[str, Callable[[History], CheckCounts]]] = {
    "Durable": _durable,
    "Ordered": _events,
    "Unique": _events,
    "Complete": _complete,
    "Convergent": _convergent,
    "Resumable": _resumable,
    "Collapsed": _collapsed,
    "Bounded": _bounded,
    "Isolated": _isolated,
    "Drained": _drained,
    "Exact": _exact,
    "Idempotent": _idempotent,
    "Fair": _fair,
}
