"""Resumable: wherever a stream is cut, no ring is lost and none is repeated."""

from collections.abc import Iterator

from unisono.v1 import notification_pb2 as pb
from unisono.verify.broken import Broken
from unisono.verify.doubt import doubt
from unisono.verify.feeds import is_over, waits
from unisono.verify.history import History
from unisono.verify.lives import Life, Moment


def resumable(life: Life, history: History) -> Iterator[Broken]:
    """No ring for what was settled, and one for everything new that still waits."""
    doubted = doubt(history)
    for moment in life.moments():
        yield from _repeated(moment)
        if moment.message.complete and moment.holding.settled >= 0:
            yield from _lost(moment, moment.heard.time + doubted)


def _repeated(moment: Moment) -> Iterator[Broken]:
    settled = moment.holding.settled
    for event in moment.message.event_batch.events:
        alert = event.notification.alert_revision
        if event.alert and alert <= settled:
            yield _broken(
                moment,
                f"{event.notification_id} rings for revision {alert}",
                f"which it had at the complete point {settled}",
            )


def _lost(moment: Moment, now: float) -> Iterator[Broken]:
    holding = moment.holding
    for id_ in sorted(holding.touched):
        row = holding.rows.get(id_)
        settled = max(holding.settled, holding.handled.get(id_, 0))
        if row is None or row.alert_revision <= settled or not _must_ring(row, now):
            continue
        if (id_, row.alert_revision) not in holding.rung:
            yield _broken(
                moment,
                f"{id_} has waited since the alert of revision {row.alert_revision}",
                f"after the complete point {holding.settled}, and never rang",
            )


def _must_ring(row: pb.Notification, now: float) -> bool:
    """Whether it waits, and will for a while: `now` is as late as it may be."""
    ending = row.HasField("display_time_to_live") or is_over(row, now)
    return waits(row) and not ending


def _broken(moment: Moment, *evidence: str) -> Broken:
    return Broken(promise="Resumable", time=moment.heard.time, evidence=(moment.stream.name, *evidence))
