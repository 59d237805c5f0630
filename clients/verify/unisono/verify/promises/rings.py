"""Resumable and Collapsed, of rings: none twice, none for what was handled, one for all that was missed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.feeds import Feed, FeedKey, counts_as_unread
from unisono.verify.history import History, Ring, Stall, Stream
from unisono.verify.replay import DeviceReplay, ReplayStep

#: Before all revisions.
_NOTHING: Final = -1


def rung_once(history: History) -> Iterator[BrokenPromise]:
    """Yield a case for each ring of a device for an alert that it has rung for before."""
    rung: Counter[tuple[FeedKey, str, str, int]] = Counter()
    for ring in sorted(history.rings, key=_time):
        alert = (feed_rung_in(ring), ring.endpoint_id, ring.notification_id, ring.alert_revision)
        rung[alert] += 1
        if rung[alert] > 1:
            yield _broken("Resumable", ring, "which rang before")


def rung(replay: DeviceReplay, feed: Feed, history: History) -> Iterator[BrokenPromise]:
    """Yield a case for each ring for what does not wait, and where more than one rings for what was missed.

    A ring is judged by the complete point at which the device is meanwhile: what rings has to be there, with
    that alert, unread, and neither dismissed nor snoozed. What a device met between its last complete point
    and the first one of a stream rings once at most, and so does what happened before a stall ended, but for
    what it had told its program before the stall.
    """
    rings = sorted((ring for ring in history.rings if _is_of(ring, replay)), key=_time)
    if not rings:
        return
    watch = _Watch(rings)
    for step in replay.steps():
        if step.message.complete:
            yield from watch.complete(step)
    yield from watch.end()
    for stall in history.stalls:
        if _is_of(stall, replay):
            known, shown = feed.revision_before(stall.ended), replay.complete_at(stall.began)
            later = [ring for ring in rings if ring.revision > shown]
            yield from _one_of(later, _NOTHING, known, stall.ended, "before it went on after a stall")


@dataclass(slots=True)
class _Watch:
    """Follows a device with its rings, from one complete point to the next."""

    rings: Sequence[Ring]
    #: The rings that are not judged yet, by the revision at which they rang.
    left: dict[int, list[Ring]] = field(init=False)
    last: int = _NOTHING
    stream: Stream | None = None

    def __post_init__(self) -> None:
        self.left = {}
        for ring in self.rings:
            self.left.setdefault(ring.revision, []).append(ring)

    def complete(self, step: ReplayStep) -> Iterator[BrokenPromise]:
        """Judge what rang at a complete point, and what rang for all that was met before it, if the first."""
        revision, time = step.message.revision, step.received.time
        here = self.left.pop(revision, [])
        for ring in here:
            if ring.time < time:
                self.left.setdefault(revision, []).append(ring)
            else:
                yield from _waiting(ring, step)
        if step.stream is not self.stream:
            after = self.last if step.state.settled < 0 else step.state.settled
            yield from _one_of(self.rings, after, revision, time, f"before {step.stream.name} was complete")
        self.stream, self.last = step.stream, revision

    def end(self) -> Iterator[BrokenPromise]:
        """Judge the rings that were at no complete point."""
        for ring in (ring for rings in self.left.values() for ring in rings):
            yield _broken("Resumable", ring, "where it never was complete")


def _waiting(ring: Ring, step: ReplayStep) -> Iterator[BrokenPromise]:
    row = step.state.rows.get(ring.notification_id)
    if row is None:
        yield _broken("Resumable", ring, "which is not there then")
    elif not counts_as_unread(row):
        yield _broken("Resumable", ring, "which was handled by then")
    elif row.alert_revision != ring.alert_revision:
        yield _broken("Resumable", ring, f"whose alert then is that of revision {row.alert_revision}")


def _one_of(rings: Sequence[Ring], after: int, until: int, since: float, met: str) -> Iterator[BrokenPromise]:
    """Yield a case where more than one rings from a time on for alerts between two revisions."""
    missed = [ring for ring in rings if ring.time >= since and after < ring.alert_revision <= until]
    if len(missed) > 1:
        yield _broken("Collapsed", missed[1], f"one of {len(missed)} rings for what happened {met}")


def feed_rung_in(ring: Ring | Stall) -> FeedKey:
    """Return the feed that the device follows which rang, or stood still."""
    return FeedKey(ring.principal.app_id, ring.principal.user_id)


def _is_of(ring: Ring | Stall, replay: DeviceReplay) -> bool:
    return (feed_rung_in(ring), ring.endpoint_id) == (replay.feed, replay.endpoint_id)


def _time(ring: Ring) -> float:
    return ring.time


def _broken(promise: str, ring: Ring, said: str) -> BrokenPromise:
    who = f"{ring.principal.user_id}'s {ring.endpoint_id}, complete at {ring.revision}"
    evidence = (who, f"rings for {ring.notification_id}, the alert of {ring.alert_revision}", said)
    return BrokenPromise(promise=promise, time=ring.time, evidence=evidence)
