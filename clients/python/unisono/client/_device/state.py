"""The state that a device shows, and who is notified when it changes."""

import asyncio
from collections.abc import Callable
from enum import Enum
from typing import Final
from weakref import WeakSet

from unisono.client._device.events import Events
from unisono.client._device.inbox import Inbox, InboxChanges
from unisono.client._device.server_clock import ServerClock
from unisono.client._device.shown import ShownRows, badge, passes_at
from unisono.client._device.watchdog import Watchdog
from unisono.client._model import Notification

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
        self.status = Status.OFFLINE
        self.error: Exception | None = None
        #: Whether everything was discarded at some time, because the user was deleted.
        self.feed_deleted = False
        # Whoever stops iterating is forgotten with its iterator.
        self._listeners: WeakSet[Events] = WeakSet()
        self._changed = asyncio.Event()
        self._shown = ShownRows()

    @property
    def shown(self) -> tuple[Notification, ...]:
        """The notifications whose time has not passed, newest first."""
        return self._shown.of(self.inbox.notifications, self.clock.now())

    @property
    def badge(self) -> int:
        """The unread count, less those whose time has passed."""
        return badge(self.inbox.unread_count, self.inbox.notifications, self.shown)

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

    def apply(self, changes: InboxChanges) -> None:
        """Apply the changes of a complete point: inbox, events and status change together."""
        self.inbox.apply_changes(changes)
        for listener in tuple(self._listeners):
            listener.put(changes.events)
        self.set_status(Status.LIVE, None)

    def discard(self) -> None:
        """Let go of everything, because the user was deleted: the events say so of each notification."""
        gone = self.inbox.dropped_events()
        self.inbox = Inbox()
        self.feed_deleted = True
        for listener in tuple(self._listeners):
            listener.put(gone)
        self.set_status(Status.OFFLINE, None)

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

    async def _next_change(self) -> None:
        now = self.clock.now()
        passing = self._shown.changes_at(self.inbox.notifications, now) - now
        try:
            async with asyncio.timeout(min(passing.total_seconds(), _LONGEST_WAIT)):
                await self._changed.wait()
        except TimeoutError:
            # What is shown may have changed, too.
            return
