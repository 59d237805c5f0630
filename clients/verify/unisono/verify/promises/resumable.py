"""Resumable: wherever a stream is cut and resumed, no ring is lost and none is repeated."""

from collections.abc import Iterator, Set

from unisono.v1 import notification_pb2 as pb
from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.clock_uncertainty import clock_uncertainty
from unisono.verify.feeds import counts_as_unread, is_over
from unisono.verify.history import History
from unisono.verify.replay import DeviceReplay, ReplayStep
from unisono.verify.sends import Sent, sends_of


def resumable(replay: DeviceReplay, history: History) -> Iterator[BrokenPromise]:
    """Yield a case for each alert that comes again, each that has not come, and each of a silent send.

    An alert comes again when its revision is not after the device's last complete point. After the first
    complete point, one has to come for each notification with a newer alert revision that is still unread,
    and neither dismissed nor snoozed, unless it may have expired by then or has a `display_time_to_live`.
    """
    doubted = clock_uncertainty(history)
    silent = {(sent.result.id, sent.result.revision) for sent in sends_of(history) if _is_silent(sent)}
    for step in replay.steps():
        yield from _repeated(step)
        yield from _not_silent(step, silent)
        if step.message.complete and step.state.settled >= 0:
            yield from _lost(step, step.received.time + doubted)


def _is_silent(sent: Sent) -> bool:
    return sent.request.silent and not sent.result.deduplicated


def _not_silent(step: ReplayStep, silent: Set[tuple[str, int]]) -> Iterator[BrokenPromise]:
    for event in step.message.event_batch.events:
        if event.alert and (event.notification_id, event.revision) in silent:
            yield _broken(step, f"{event.notification_id} rings", "which was sent silently")


def _repeated(step: ReplayStep) -> Iterator[BrokenPromise]:
    settled = step.state.settled
    for event in step.message.event_batch.events:
        alert = event.notification.alert_revision
        if event.alert and alert <= settled:
            yield _broken(
                step,
                f"{event.notification_id} rings for revision {alert}",
                f"which it had at the complete point {settled}",
            )


def _lost(step: ReplayStep, now: float) -> Iterator[BrokenPromise]:
    state = step.state
    for id_ in sorted(state.changed_ids):
        row = state.rows.get(id_)
        settled = max(state.settled, state.possibly_settled.get(id_, 0))
        if row is None or row.alert_revision <= settled or not _must_ring(row, now):
            continue
        if (id_, row.alert_revision) not in state.rung_alerts:
            yield _broken(
                step,
                f"{id_} has waited since the alert of revision {row.alert_revision}",
                f"after the complete point {state.settled}, and never rang",
            )


def _must_ring(row: pb.Notification, now: float) -> bool:
    """Return whether a notification counts as unread, and will for a while. `now` is the latest it may be."""
    ending = row.HasField("display_time_to_live") or is_over(row, now)
    return counts_as_unread(row) and not ending


def _broken(step: ReplayStep, *evidence: str) -> BrokenPromise:
    return BrokenPromise(promise="Resumable", time=step.received.time, evidence=(step.stream.name, *evidence))
