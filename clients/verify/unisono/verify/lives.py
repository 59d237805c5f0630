"""Splits a history where users were deleted: each life of a feed is judged by itself.

A call belongs to one life where the times of the deletions leave no doubt, and a stream by the `feed_epoch`
of its Welcome. A call that may have come before or after a deletion is in both, without its answer: it may
have been carried out.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Final

from google.protobuf.message import Message

from unisono.v1 import notification_service_pb2 as pb
from unisono.verify.feeds import FeedKey, feed_followed, feed_of
from unisono.verify.history import Annotation, Call, History, Stream

METHOD: Final = "DeleteFeed"
"""The name of the method that deletes a user."""

#: Codes of a deletion that says by them that it has deleted nothing.
_REFUSED: Final = (
    "INVALID_ARGUMENT",
    "PERMISSION_DENIED",
    "UNAUTHENTICATED",
    "UNIMPLEMENTED",
    "RESOURCE_EXHAUSTED",
)


@dataclass(frozen=True, slots=True)
class Deletion:
    """A deletion of a user happened between these times; `ended` is infinite if no try was answered OK."""

    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class _Lives:
    """The numbers of the first and of the last life in which something may have happened."""

    first: int
    last: int

    def __and__(self, other: "_Lives") -> "_Lives":
        return _Lives(max(self.first, other.first), min(self.last, other.last))

    @property
    def certain(self) -> bool:
        return self.first == self.last


def deletions_of(history: History) -> dict[FeedKey, list[Deletion]]:
    """Return the deletions of each user who was deleted, in their order: tries up to an OK are one."""
    tries = [call for call in history.calls if call.method == METHOD and call.code not in _REFUSED]
    found: dict[FeedKey, list[Deletion]] = defaultdict(list)
    open_since: dict[FeedKey, float] = {}
    for call in sorted(tries, key=lambda call: call.began):
        began = open_since.pop(feed_of(call), call.began)
        if call.good:
            found[feed_of(call)].append(Deletion(began, call.ended))
        else:
            open_since[feed_of(call)] = began
    for feed, began in open_since.items():
        found[feed].append(Deletion(began, inf))
    return dict(found)


def lives_of(history: History) -> Iterator[History]:
    """Yield a history for each life of each feed that was deleted, and one with all other feeds.

    Each has the annotations that are about it. Those of lives have no rings: a ring does not say of which
    life it is, and may come when the next has begun.
    """
    deletions = deletions_of(history)
    for feed, of_feed in deletions.items():
        yield from _lives(history, feed, of_feed)
    if deletions:
        calls = (_without(call, deletions.keys()) for call in history.calls)
        streams = [stream for stream in history.streams if feed_followed(stream) not in deletions]
        yield replace(history, calls=[call for call in calls if call is not None], streams=streams)
    else:
        yield history


def _lives(history: History, feed: FeedKey, deletions: Sequence[Deletion]) -> Iterator[History]:
    calls = [call for call in (_only(call, feed) for call in history.calls) if call is not None]
    for lives, streams in _streams_by_life(history, feed, deletions).items():
        annotations = [one for one in history.annotations if _is_about(one, lives, deletions)]
        yield History(calls=_calls_in(calls, lives, deletions), streams=streams, annotations=annotations)


def _streams_by_life(
    history: History, feed: FeedKey, deletions: Sequence[Deletion]
) -> dict[_Lives, list[Stream]]:
    """Return the streams of each life. Those of an epoch of which it is not known are a life of their own."""
    by_epoch: dict[bytes | int, list[Stream]] = defaultdict(list)
    for number, stream in enumerate(history.streams):
        if feed_followed(stream) == feed:
            by_epoch[_epoch(stream) or number].append(stream)
    found: dict[_Lives, list[Stream]] = {_Lives(n, n): [] for n in range(len(deletions) + 1)}
    for streams in by_epoch.values():
        lives = _Lives(0, len(deletions))
        for stream in streams:
            lives &= _between(deletions, stream.began, _first_time(stream))
        found.setdefault(lives, []).extend(streams)
    return found


def _calls_in(calls: Sequence[Call], lives: _Lives, deletions: Sequence[Deletion]) -> list[Call]:
    found = []
    for call in calls:
        # One without an answer may be carried out later.
        of_call = _between(deletions, call.began, call.ended if call.good else inf)
        if lives.certain and of_call == lives:
            found.append(call)
        elif (both := of_call & lives).first <= both.last:
            found.append(replace(call, code="", reason="", answer=None))
    return found


def _between(deletions: Sequence[Deletion], began: float, ended: float) -> _Lives:
    """Return the lives in which something between two times may have happened."""
    return _Lives(
        sum(deletion.ended < began for deletion in deletions),
        sum(deletion.began <= ended for deletion in deletions),
    )


def _is_about(annotation: Annotation, lives: _Lives, deletions: Sequence[Deletion]) -> bool:
    """Return whether an annotation is about a life: those about a span of time are, if it ends within."""
    since = annotation.values.get("since")
    return since is None or (lives.certain and _between(deletions, since, annotation.time) == lives)


def _epoch(stream: Stream) -> bytes:
    return next(
        (one.message.welcome.feed_epoch for one in stream.messages if one.message.HasField("welcome")), b""
    )


def _first_time(stream: Stream) -> float:
    return stream.messages[0].time if stream.messages else (stream.ended or inf)


def _only(call: Call, feed: FeedKey) -> Call | None:
    """Return what of a call is about this feed, None if nothing is."""
    if not isinstance(call.request, pb.BatchSendNotificationsRequest):
        return call if feed_of(call) == feed else None
    return _part(call, [FeedKey(call.principal.app_id, one.user_id) == feed for one in call.request.requests])


def _without(call: Call, feeds: Collection[FeedKey]) -> Call | None:
    """Return what of a call is about other feeds, None if nothing is."""
    if not isinstance(call.request, pb.BatchSendNotificationsRequest):
        return None if feed_of(call) in feeds else call
    app_id = call.principal.app_id
    return _part(call, [FeedKey(app_id, one.user_id) not in feeds for one in call.request.requests])


def _part(call: Call, wanted: Sequence[bool]) -> Call | None:
    """Return a batch with the wanted sends and their results, None if there are none."""
    if all(wanted) or not any(wanted):
        return call if all(wanted) else None
    answer = None if call.answer is None else _some(call.answer, "results", wanted)
    return replace(call, request=_some(call.request, "requests", wanted), answer=answer)


def _some(message: Message, name: str, wanted: Sequence[bool]) -> Message:
    """Return a copy of a message with the wanted members of a field."""
    copy = type(message)()
    members: Any = getattr(message, name)
    getattr(copy, name).extend(one for one, keep in zip(members, wanted, strict=True) if keep)
    return copy
