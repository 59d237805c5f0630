"""The notifications of a device, and how messages change them: rules 1 to 5 of docs/devices.md, as data.

An inbox moves from one complete point to the next. Between them it collects changes, and at one it applies
them, so that what it shows is always the store's state as of `revision`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from unisono.client import _convert
from unisono.client._device.memory_budget import MemoryBudget, MemoryExceeded, MeteredDict, size_of
from unisono.client._model import ChangeType, Event, Notification
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb


@dataclass(slots=True)
class _Change:
    """The changes of one notification since the last complete point, as one."""

    event: feed_pb.Event
    change_type: ChangeType
    alert: bool

    @property
    def id(self) -> str:
        return self.event.notification_id


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxChanges:
    """The changes of a complete point: its events by ascending revision, and what is to be saved.

    `rows` has the new message of each changed notification, None for one that is gone; `shown` the same as
    users see it, without those that are gone. `point` is the position, in the life `feed_epoch` of the feed.
    """

    events: tuple[Event, ...]
    rows: Mapping[str, pb.Notification | None]
    shown: Mapping[str, Notification]
    point: feed_pb.SubscribeResponse
    feed_epoch: bytes = b""


class Inbox:
    """The notifications of one device, as of the last complete point, and what was received since.

    Starts from saved rows by id, a saved position and its feed epoch, if there are any. Raises
    `MemoryExceeded` where the rows take more than 512 MiB.
    """

    def __init__(
        self,
        rows: Mapping[str, pb.Notification] | None = None,
        point: feed_pb.SubscribeResponse | None = None,
        feed_epoch: bytes = b"",
    ) -> None:
        room = MemoryBudget("the inbox")
        self._rows: MeteredDict[pb.Notification] = MeteredDict(room, size_of)
        for id_, row in (rows or {}).items():
            self._rows.put(id_, row)
        self._point = point or feed_pb.SubscribeResponse()
        self._shown = {id_: _convert.notification(row) for id_, row in self._rows.items()}
        self._newest_first: tuple[Notification, ...] | None = None
        self._changes: MeteredDict[_Change] = MeteredDict(room, lambda change: size_of(change.event))
        self._resetting = False
        self._catching_up = True
        #: Which life of the feed the inbox is of; empty where no server has said so.
        self.feed_epoch = feed_epoch
        #: The position to resume from: after the last message that was received.
        self.token = self._point.resume_token

    @property
    def notifications(self) -> tuple[Notification, ...]:
        """All notifications, newest first by creation; by id where created in the same millisecond."""
        if self._newest_first is None:
            newest_first = sorted(
                self._shown.values(), key=lambda row: (row.create_time, row.id), reverse=True
            )
            self._newest_first = tuple(newest_first)
        return self._newest_first

    @property
    def revision(self) -> int:
        """The feed's revision at the last complete point; 0 before the first."""
        return self._point.revision

    @property
    def complete(self) -> bool:
        """Whether there was a complete point."""
        return self._point.complete

    @property
    def unread_count(self) -> int:
        """The number that a badge shows, at the last complete point."""
        return self._point.unread_count

    def receive(self, message: feed_pb.SubscribeResponse) -> None:
        """Collect the changes of one message; after a complete one, `compute_changes` comes next.

        Raises `MemoryExceeded` where they take too much memory: then the inbox is back at its last complete
        point, and the next stream must resume from there.
        """
        if message.HasField("welcome"):
            self._catching_up = True
            if not message.welcome.resumed:
                self._resetting = True
                self._changes.drop_all()
        with self._bounded():
            for event in message.event_batch.events:
                self._collect(_alone(event))
        self.token = message.resume_token

    def missing_payloads(self) -> list[str]:
        """Return the ids of changed notifications whose content was neither received nor held."""
        return [
            id_
            for id_, change in self._changes.items()
            if not change.event.removed and not change.event.notification.HasField("payload")
        ]

    def fill_payload(self, id_: str, payload: pb.Payload) -> None:
        """Add the content that a changed notification lacks. Raises `MemoryExceeded` as `receive` does."""
        change = self._changes[id_]
        change.event.notification.payload.CopyFrom(payload)
        with self._bounded():
            self._changes.put(id_, change)

    def compute_changes(
        self, point: feed_pb.SubscribeResponse, *, passed: Callable[[Notification], bool] = lambda _: False
    ) -> InboxChanges:
        """Compute what the complete point `point` changes, without changing the inbox.

        After a catch-up at most one of the events rings, and what was held but not received after a fresh
        start is removed. What has `passed`, so that it is not shown any more, rings no more either. Save the
        result, then pass it to `apply_changes`.
        """
        changes = sorted(self._changes.values(), key=lambda change: change.event.revision)
        rows = {change.id: None if change.event.removed else change.event.notification for change in changes}
        gone = [row for id_, row in self._shown.items() if id_ not in rows] if self._resetting else []
        shown = {id_: _convert.notification(row) for id_, row in rows.items() if row is not None}
        events = [
            *(self._dropped_event(row) for row in gone),
            *(event for change in changes if (event := self._event(change, shown.get(change.id), passed))),
        ]
        return InboxChanges(
            events=tuple(_one_ring(events) if self._catching_up else events),
            rows={**dict.fromkeys(row.id for row in gone), **rows},
            shown=shown,
            point=feed_pb.SubscribeResponse(
                resume_token=point.resume_token,
                revision=point.revision,
                complete=True,
                unread_count=point.unread_count,
            ),
            feed_epoch=self.feed_epoch,
        )

    def apply_changes(self, changes: InboxChanges) -> None:
        """Make the computed changes the state of the inbox, and forget what was collected."""
        self._changes.drop_all()
        for id_, row in changes.rows.items():
            self._hold(id_, row, changes.shown.get(id_))
        if changes.rows:
            self._newest_first = None
        self._resetting = self._catching_up = False
        self._point = changes.point

    def undo(self, changes: InboxChanges) -> InboxChanges:
        """Return what saves the inbox as it is, where changes were saved that are not applied to it."""
        rows = {id_: self._rows.get(id_) for id_ in changes.rows}
        return InboxChanges(events=(), rows=rows, shown={}, point=self._point, feed_epoch=changes.feed_epoch)

    def rewind(self) -> None:
        """Forget what was received since the last complete point: the next stream begins there."""
        self._changes.drop_all()
        self._resetting, self._catching_up = False, True
        self.token = self._point.resume_token

    def dropped_events(self) -> tuple[Event, ...]:
        """Return an event for the removal of each notification that is held."""
        return tuple(map(self._dropped_event, self.notifications))

    def reset_position(self) -> None:
        """Forget the position: the next stream starts anew. What is held stays until that is complete."""
        self.token = b""

    def _hold(self, id_: str, row: pb.Notification | None, shown: Notification | None) -> None:
        if row is None or shown is None:
            self._rows.drop(id_)
            self._shown.pop(id_, None)
        else:
            # It takes no more than the change that brought it did.
            self._rows.put(id_, row)
            self._shown[id_] = shown

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        """Go back to the last complete point where there is no room: the next stream begins there."""
        try:
            yield
        except MemoryExceeded:
            self.rewind()
            raise

    def _collect(self, event: feed_pb.Event) -> None:
        before = self._changes.drop(event.notification_id)
        known = before.event.notification if before else self._known(event.notification_id)
        if not event.notification.HasField("payload") and known is not None and known.HasField("payload"):
            event.notification.payload.CopyFrom(known.payload)
        change_type = ChangeType(event.change_type)
        if before is not None and not event.removed:
            # The first of several changes is why the device has it, the last is how it is.
            change_type = min(change_type, before.change_type)
        alert = event.alert or (before is not None and before.alert)
        self._changes.put(event.notification_id, _Change(event, change_type, alert))

    def _known(self, id_: str) -> pb.Notification | None:
        """Return the held notification, unless all that is held is to be discarded."""
        return None if self._resetting else self._rows.get(id_)

    def _event(
        self, change: _Change, row: Notification | None, passed: Callable[[Notification], bool]
    ) -> Event | None:
        """Return the event for those who iterate; None when the change leaves things as they are."""
        if row is None:
            held = self._shown.get(change.id)
            return _event(change, held, ring=False) if held is not None else None
        ring = row.counts_as_unread and self._alerts(change) and not passed(row)
        if not ring and self._rows.get(row.id) == change.event.notification:
            return None
        return _event(change, row, ring=ring)

    def _alerts(self, change: _Change) -> bool:
        """Whether there is an alert that has not rung: that of what is held has, or it was handled by then.

        So the rows are the record of what rang, also of one that starts anew: until it is complete, they are
        held. The time tells alerts apart whose revisions come again, as in a store that was restored.
        """
        held = self._rows.get(change.id)
        row = change.event.notification
        return change.alert and row.alert_revision > 0 and (held is None or _alert(held) != _alert(row))

    def _dropped_event(self, row: Notification) -> Event:
        """Return the event for a notification that was held, and goes without an event of the server."""
        return Event(
            notification=row,
            revision=self.revision,
            removed=True,
            change_type=ChangeType.UNSPECIFIED,
            origin_endpoint_id="",
            ring=False,
        )


def _alone(event: feed_pb.Event) -> feed_pb.Event:
    """Return a copy of the event, which does not keep the whole message in memory that it came in."""
    alone = feed_pb.Event()
    alone.CopyFrom(event)
    return alone


def _alert(row: pb.Notification) -> tuple[int, int]:
    """Return what names the last alert of a notification: its revision, and its time in nanoseconds."""
    return row.alert_revision, row.alert_time.ToNanoseconds()


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
    """Return the events, of which only the newest that rings does: one sound for all that was missed."""
    last = max((event.revision for event in events if event.ring), default=None)
    return [replace(event, ring=event.revision == last and event.ring) for event in events]
