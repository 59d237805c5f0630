"""What a device holds, and how messages of the stream change it: the rules of the contract, as data.

An inbox moves from one complete point to the next: between them it collects, and at one it settles, so
that what it shows is always the store's state as of `revision`. Knows no network, no clock and no disk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from unisono.client import _convert
from unisono.client._model import ChangeType, Event, Notification
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb


@dataclass(slots=True)
class _Change:
    """What has happened to one notification since the last complete point."""

    event: feed_pb.Event
    change_type: ChangeType
    alert: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What a complete point brought: events in the order of their revisions, and what they changed.

    `rows` has the new message of a notification, or None for one that is gone. `point` is the position.
    """

    events: tuple[Event, ...]
    rows: Mapping[str, pb.Notification | None]
    point: feed_pb.SubscribeResponse


class Inbox:
    """The notifications of one device, as of the last complete point."""

    def __init__(
        self,
        rows: Mapping[str, pb.Notification] | None = None,
        point: feed_pb.SubscribeResponse | None = None,
    ) -> None:
        self._rows = dict(rows or {})
        self._point = point or feed_pb.SubscribeResponse()
        self._shown = {id_: _convert.notification(row) for id_, row in self._rows.items()}
        self._newest_first: tuple[Notification, ...] | None = None
        #: The largest alert revision of each notification that has rung.
        self._rung: dict[str, int] = {}
        self._changes: dict[str, _Change] = {}
        self._anew = False
        self._catching_up = True
        #: The position to resume from: after the last message that was taken.
        self.token = self._point.resume_token

    @property
    def notifications(self) -> tuple[Notification, ...]:
        """All of them, newest first by creation."""
        if self._newest_first is None:
            newest_first = sorted(
                self._shown.values(), key=lambda row: (row.create_time, row.id), reverse=True
            )
            self._newest_first = tuple(newest_first)
        return self._newest_first

    @property
    def revision(self) -> int:
        """The feed's revision that this is the state of; 0 before the first complete point."""
        return self._point.revision

    @property
    def complete(self) -> bool:
        """Whether there was a complete point."""
        return self._point.complete

    @property
    def unread_count(self) -> int:
        """What a badge shows."""
        return self._point.unread_count

    def take(self, message: feed_pb.SubscribeResponse) -> None:
        """Take in one message. At a complete point, `settle` comes next."""
        if message.HasField("welcome"):
            self._catching_up = True
            if not message.welcome.resumed:
                self._anew = True
                self._changes.clear()
        for event in message.event_batch.events:
            self._collect(event)
        self.token = message.resume_token

    def lacking(self) -> list[str]:
        """The notifications that have come without their content, which is not held either."""
        return [
            id_
            for id_, change in self._changes.items()
            if not change.event.removed and not change.event.notification.HasField("payload")
        ]

    def supply(self, id_: str, payload: pb.Payload) -> None:
        """Give a notification the content that it lacks."""
        self._changes[id_].event.notification.payload.CopyFrom(payload)

    def settle(self, point: feed_pb.SubscribeResponse) -> Settled:
        """Make what was collected the state, at a complete message."""
        changes = sorted(self._changes.values(), key=lambda change: change.event.revision)
        gone = self._left_out() if self._anew else []
        events = [*gone, *(event for change in changes if (event := self._apply(change)))]
        rows: dict[str, pb.Notification | None] = dict.fromkeys(event.notification.id for event in gone)
        rows |= {id_: self._rows.get(id_) for id_ in self._changes}
        if self._catching_up:
            events = _one_ring(events)
        if events:
            self._newest_first = None
        self._changes.clear()
        self._anew = self._catching_up = False
        self._point = feed_pb.SubscribeResponse(
            resume_token=point.resume_token,
            revision=point.revision,
            complete=True,
            unread_count=point.unread_count,
        )
        return Settled(events=tuple(events), rows=rows, point=self._point)

    def start_over(self) -> None:
        """Forget the position: the next stream starts anew, and what is held stays until it settles."""
        self.token = b""

    def _collect(self, event: feed_pb.Event) -> None:
        before = self._changes.pop(event.notification_id, None)
        known = before.event.notification if before else self._known(event.notification_id)
        if not event.notification.HasField("payload") and known is not None and known.HasField("payload"):
            event.notification.payload.CopyFrom(known.payload)
        change_type = ChangeType(event.change_type)
        if before is not None and not event.removed:
            # The first of several changes is why the device has it, the last is how it is.
            change_type = min(change_type, before.change_type)
        alert = event.alert or (before is not None and before.alert)
        self._changes[event.notification_id] = _Change(event, change_type, alert)

    def _known(self, id_: str) -> pb.Notification | None:
        """What is held of it, unless all that is held is to be discarded."""
        return None if self._anew else self._rows.get(id_)

    def _apply(self, change: _Change) -> Event | None:
        event = change.event
        id_, held = event.notification_id, self._shown.get(event.notification_id)
        if event.removed:
            self._drop(id_)
            return _event(change, held, ring=False) if held is not None else None
        ring = self._rings(change)
        if not ring and self._rows.get(id_) == event.notification:
            return None
        self._rows[id_] = event.notification
        self._shown[id_] = _convert.notification(event.notification)
        return _event(change, self._shown[id_], ring=ring)

    def _rings(self, change: _Change) -> bool:
        """Whether to ring: at most once for each alert, and only for what still waits."""
        row = change.event.notification
        if not change.alert or row.alert_revision <= self._rung.get(row.id, 0):
            return False
        self._rung[row.id] = row.alert_revision
        return _convert.notification(row).waits

    def _left_out(self) -> list[Event]:
        """Drops what was held before the device started anew, and was not sent again."""
        self._rung.clear()
        gone = [self._shown[id_] for id_ in self._rows if id_ not in self._changes]
        for row in gone:
            self._drop(row.id)
        return [
            Event(
                notification=row,
                revision=self.revision,
                removed=True,
                change_type=ChangeType.UNSPECIFIED,
                origin_endpoint_id="",
                ring=False,
            )
            for row in gone
        ]

    def _drop(self, id_: str) -> None:
        for held in (self._rows, self._shown, self._rung):
            held.pop(id_, None)


def _event(change: _Change, row: Notification, *, ring: bool) -> Event:
    return Event(
        notification=row,
        revision=change.event.revision,
        removed=change.event.removed,
        change_type=change.change_type,
        origin_endpoint_id=change.event.origin_endpoint_id,
        ring=ring,
    )


def _one_ring(events: Sequence[Event]) -> list[Event]:
    """The same events, of which only the newest that rings does: one sound for all that was missed."""
    last = max((event.revision for event in events if event.ring), default=None)
    return [replace(event, ring=event.revision == last and event.ring) for event in events]
