"""What a device has to hold, show and ring for, by the store alone: nothing here is of the SDK."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.guarantees.position_model import counts, worth_a_ring
from tests.guarantees.vectors.marks import Decisions, LaidState
from unisono.server.model import Notification
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb

Rows = Sequence[Notification]

Ring = tuple[str, int]
"""A notification by id, and its alert revision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The past of a device, as far as what it must do next depends on it."""

    #: The position that it has to come back with; None: none.
    token: bytes | None = None
    #: What the store had for it at the last complete point, its revision, and how much of that was unread.
    rows: Rows = ()
    revision: int = 0
    unread_count: int = 0
    #: Where the device began, if it began at the END and lacks what was before; else 0.
    blind: int = 0
    #: Where the service takes the device to be complete, which a device learns from Synced only.
    base: int = 0
    #: Alerts that it has received up to `base`, and has not rung for yet.
    told: frozenset[Ring] = frozenset()
    feed_epoch: bytes = b""
    catching_up: bool = True
    complete: bool = False

    def is_of_another_life(self, welcome: feed_pb.Welcome) -> bool:
        """Return whether the user was deleted since the device was told of another life of the feed."""
        return bool(self.feed_epoch) and self.feed_epoch != welcome.feed_epoch

    def began(self, welcome: feed_pb.Welcome, last: int, *, from_end: bool) -> "Expected":
        """Return what follows from a Welcome, when `last` is the revision of the feed."""
        began = replace(self, catching_up=True, feed_epoch=welcome.feed_epoch)
        if welcome.resumed:
            return began
        return replace(began, base=last, blind=last if from_end else 0, told=frozenset())

    def broken_off(self, revision: int, rows: Rows, now: int) -> "Expected":
        """Return what follows from the last batch of a catch-up, before the Synced that belongs to it."""
        return replace(self, base=revision, told=frozenset(self._due(rows, now)))

    def completed(self, revision: int, rows: Rows) -> "Expected":
        """Return what follows from a complete point, where the store has these rows for the device."""
        return Expected(
            token=self.token,
            feed_epoch=self.feed_epoch,
            rows=[row for row in rows if row.revision > self.blind],
            revision=revision,
            unread_count=sum(map(counts, rows)),
            blind=self.blind,
            base=revision,
            catching_up=False,
            complete=True,
        )

    def rings(self, rows: Rows, now: int) -> dict[str, Any]:
        """Return what rings at a complete point with these rows: all of them, or any one."""
        due = [list(ring) for ring in sorted(self._due(rows, now))]
        return {"one_rings" if self.catching_up else "ring": due} if due else {}

    def held(self) -> dict[str, Any]:
        """Return what the device holds since the last complete point."""
        return {"unread_count": self.unread_count, "rows": {row.id: _held(row) for row in self.rows}}

    def shown(self, now: int, decisions: Decisions) -> dict[str, Any]:
        """Return what the device shows, the number beside its icon, and what its marks change."""
        seen = [row for row in self.rows if not is_over(row, now)]
        newest_first = sorted(seen, key=lambda row: (row.create_time, row.id), reverse=True)
        laid = {row.id: decisions.laid(row) for row in self.rows}
        changed = sum(laid[row.id].counts - counts(row) for row in self.rows)
        hidden = sum(laid[row.id].counts for row in self.rows if is_over(row, now))
        marked = {
            row.id: [laid[row.id].read, laid[row.id].action[0]]
            for row in self.rows
            if laid[row.id] != LaidState.of(row)
        }
        return {
            "shown": [row.id for row in newest_first],
            "badge": max(0, self.unread_count + changed - hidden),
            **({"marked": marked} if marked else {}),
        }

    def _due(self, rows: Collection[Notification], now: int) -> set[Ring]:
        worth = {(row.id, row.alert_revision) for row in rows if worth_a_ring(row, now)}
        return {(id_, at) for id_, at in worth if at > self.base or (id_, at) in self.told}


def is_over(row: Notification, now: int) -> bool:
    """Return whether a notification is not to be shown any more (docs/devices.md)."""
    return now >= ends_at(row)


def ends_at(row: Notification) -> int:
    """Return when that begins, in milliseconds since 1970."""
    display = row.display_time_to_live
    return row.expire_time if display is None else min(row.expire_time, row.alert_time + display)


def _held(row: Notification) -> list[Any]:
    return [row.revision, pb.Payload.FromString(row.payload or b"").visual_content.title]
