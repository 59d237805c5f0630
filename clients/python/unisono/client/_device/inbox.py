"""The notifications of a device, and how messages change them: rules 1 to 5 of docs/devices.md, as data.

An inbox moves from one complete point to the next. Between them it collects changes, and at one it applies
them, so that what it shows is always the store's state as of `revision`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from unisono.client import _convert
from unisono.client._device.inbox_changes import InboxChanges, Received, alone, one_ring
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

    @property
    def row(self) -> pb.Notification | None:
        """The notification after the changes; None when it is gone."""
        return None if self.event.removed else self.event.notification


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

    def rows(self) -> Iterable[pb.Notification]:
        """Return the messages of all notifications; not to be changed."""
        return self._rows.values()

    def row(self, id_: str) -> pb.Notification | None:
        """Return the message of a notification that is held; not to be changed."""
        return self._rows.get(id_)

    def shown(self, id_: str) -> Notification | None:
        """Return a notification that is held."""
        return self._shown.get(id_)

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
                self._collect(alone(event))
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

    def received(self) -> Received:
        """Return what was received since the last complete point, as it will be held after the next."""
        gone = [id_ for id_ in self._rows if id_ not in self._changes] if self._resetting else []
        changes = sorted(self._changes.values(), key=lambda change: change.event.revision)
        return Received(
            rows={**dict.fromkeys(gone), **{change.id: change.row for change in changes}},
            renewed={change.id for change in changes if self._is_renewed(change)},
            anew=self._resetting,
        )

    def compute_changes(
        self,
        point: feed_pb.SubscribeResponse,
        *,
        lay_over: Callable[[pb.Notification, Notification], Notification] = lambda _, shown: shown,
        passed: Callable[[Notification], bool] = lambda _: False,
    ) -> InboxChanges:
        """Compute what the complete point `point` changes, without changing the inbox.

        After a catch-up at most one of the events rings, and what was held but not received after a fresh
        start is removed. Events have notifications as the device shows them, with its own marks laid over.
        What those handled does not ring, nor what has `passed`. Save the result, then pass it to
        `apply_changes`.
        """
        rows = self.received().rows
        shown = {id_: _convert.notification(row) for id_, row in rows.items() if row is not None}
        laid = {id_: lay_over(row, shown[id_]) for id_, row in rows.items() if row is not None}
        told = (self._event(id_, laid.get(id_), passed) for id_ in rows)
        events = [event for event in told if event is not None]
        return InboxChanges(
            events=tuple(one_ring(events) if self._catching_up else events),
            rows=rows,
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
        """Go back to the last complete point where there is no room."""
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

    def _is_renewed(self, change: _Change) -> bool:
        """Return whether the content is new; after a fresh start all is CREATED, and most is as it was."""
        if not self._resetting:
            return change.change_type in (ChangeType.CREATED, ChangeType.UPDATED)
        held = self._rows.get(change.id)
        return held is None or held.payload != change.event.notification.payload

    def _event(
        self, id_: str, row: Notification | None, passed: Callable[[Notification], bool]
    ) -> Event | None:
        """Return the event for those who iterate; None when the change leaves things as they are."""
        change = self._changes.get(id_)
        if change is None:
            return self._dropped_event(self._shown[id_])
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
