"""The state that a device shows, and who is notified when it changes."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from enum import Enum
from typing import Final
from weakref import WeakSet

from unisono.client._device.events import Events
from unisono.client._device.inbox import Inbox
from unisono.client._device.inbox_changes import InboxChanges
from unisono.client._device.overlay import Overlay
from unisono.client._device.pending_mark import Mark, RefKey
from unisono.client._device.server_clock import ServerClock
from unisono.client._device.shown import ShownRows, badge, passes_at
from unisono.client._device.watchdog import Watchdog
from unisono.client._model import ChangeType, Event, Notification

#: Seconds. The timers of the event loop stand still while the machine sleeps, so none is set for longer.
_LONGEST_WAIT: Final = 300.0


class Status(Enum):
    """How a device is connected. From OFFLINE it goes to CATCHING_UP and LIVE, and back to OFFLINE.

    OFFLINE: not connected, and trying. CATCHING_UP: receiving what it missed. LIVE: in unison with the store.
    CLOSED: ended for good, by `close` or by an error; it can follow any of the others.
    """

    OFFLINE = "offline"
    CATCHING_UP = "catching up"
    LIVE = "live"
    CLOSED = "closed"


class DeviceState:
    """The inbox of a device, its status, and the error that explains it."""

    def __init__(self, watchdog: Watchdog, clock: ServerClock | None = None) -> None:
        self._watchdog = watchdog
        self.clock = clock or ServerClock()
        self.inbox = Inbox()
        self.overlay = Overlay()
        self.status = Status.OFFLINE
        self.error: Exception | None = None
        #: Whether everything was discarded at some time, because the user was deleted.
        self.feed_deleted = False
        # Whoever stops iterating is forgotten with its iterator.
        self._listeners: WeakSet[Events] = WeakSet()
        self._changed = asyncio.Event()
        self._shown = ShownRows()

    @property
    def notifications(self) -> tuple[Notification, ...]:
        """The notifications of the inbox with own marks laid over, newest first."""
        return self.overlay.notifications(self.inbox)

    @property
    def unread_count(self) -> int:
        """The unread count with own marks laid over."""
        return self.overlay.unread_count(self.inbox)

    @property
    def shown(self) -> tuple[Notification, ...]:
        """The notifications whose time has not passed, newest first."""
        return self._shown.of(self.notifications, self.clock.now())

    @property
    def badge(self) -> int:
        """The unread count, less those whose time has passed."""
        return badge(self.unread_count, self.notifications, self.shown)

    def passed(self, row: Notification) -> bool:
        """Return whether the time of a notification has passed, by the server's clock."""
        return passes_at(row) <= self.clock.now()

    def listen(self) -> Events:
        """Return an iterator over events from now on; it ends at once where the device has ended."""
        events = Events(self._watchdog)
        if self.status is Status.CLOSED:
            events.end(self.error)
        self._listeners.add(events)
        return events

    def apply(self, changes: InboxChanges, touched: Iterable[str] = ()) -> None:
        """Apply the changes of a complete point: inbox, events and status change together.

        `touched` are the ids of what may look different by marks that were settled for it.
        """
        told = {event.notification.id for event in changes.events}
        before = self._look(id_ for id_ in touched if id_ not in told)
        self.inbox.apply_changes(changes)
        self.overlay.refresh(self.inbox, (*changes.rows, *before))
        self._tell((*changes.events, *self._differences(before)))
        for listener in tuple(self._listeners):
            listener.caught_up()
        self.set_status(Status.LIVE, None)

    def lay_over(self, mark: Mark) -> None:
        """Let a mark show from now on."""
        self.overlay.add(mark)
        self.overlay.refresh(self.inbox, self.overlay.touched(self.inbox, mark.refs))
        self.changed()

    def take_back(self, mark: Mark, names: Iterable[RefKey]) -> None:
        """Let a mark no longer show where it has these names; events say what looks different by that."""
        before = self._look(self.overlay.touched(self.inbox, names))
        for name in names:
            self.overlay.drop(mark, name)
        self.overlay.refresh(self.inbox, before)
        self._tell(self._differences(before))
        self.changed()

    def await_return(self, mark: Mark) -> bool:
        """Let an answered mark show until the inbox has what the server made of it.

        Returns False where it has already, or holds nothing that was marked.
        """
        mark.answered = mark.reached
        waits = self.inbox.revision < mark.reached and mark in self.overlay
        if waits and self.overlay.touched(self.inbox, mark.refs):
            self.changed()
            return True
        self.take_back(mark, tuple(mark.refs))
        self.overlay.remove(mark)
        return False

    def discard(self) -> None:
        """Let go of everything, because the user was deleted: the events say so of each notification."""
        gone = self.inbox.dropped_events()
        self.inbox = Inbox()
        self.overlay = Overlay()
        self.feed_deleted = True
        self._tell(gone)
        self.set_status(Status.OFFLINE, None)

    def forget(self) -> None:
        """Let go of everything, without a word: the user has signed out."""
        self.inbox = Inbox()
        self.overlay = Overlay()
        self.changed()

    def set_status(self, status: Status, error: Exception | None) -> None:
        """Set status and error, and wake whoever waits for a change."""
        self.status, self.error = status, error
        self.changed()

    def changed(self) -> None:
        """Wake whoever waits for a change."""
        self._changed.set()
        self._changed = asyncio.Event()

    def end(self, error: Exception | None) -> None:
        """End the device, for good because of an error, or with None because it was closed."""
        self.set_status(Status.CLOSED, error)
        for listener in tuple(self._listeners):
            listener.end(error)

    def check_open(self) -> None:
        """Raise what ended the device, if it has ended; `RuntimeError` where it was closed."""
        if self.status is Status.CLOSED:
            raise self.error or RuntimeError("the device is closed")

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition, which is tested at once, after each change, and when a notification passes.

        Raises what ended the device, and what the condition raises.
        """
        while not condition():
            self.check_open()
            await self._next_change()

    def _look(self, ids: Iterable[str]) -> dict[str, Notification | None]:
        return {id_: self.overlay.shown(self.inbox, id_) for id_ in ids}

    def _differences(self, before: Mapping[str, Notification | None]) -> list[Event]:
        """Return an event for each notification that looks different, without an event of the server."""
        now = [(old, self.overlay.shown(self.inbox, id_)) for id_, old in before.items()]
        return [
            Event(
                notification=new,
                revision=self.inbox.revision,
                removed=False,
                change_type=ChangeType.STATE_CHANGED,
                origin_endpoint_id="",
                ring=False,
            )
            for old, new in now
            if new is not None and old is not None and new != old
        ]

    def _tell(self, events: Collection[Event]) -> None:
        for listener in tuple(self._listeners):
            listener.put(events)

    async def _next_change(self) -> None:
        now = self.clock.now()
        passing = self._shown.changes_at(self.notifications, now) - now
        try:
            async with asyncio.timeout(min(passing.total_seconds(), _LONGEST_WAIT)):
                await self._changed.wait()
        except TimeoutError:
            # What is shown may have changed, too.
            return
