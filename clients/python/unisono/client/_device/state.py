"""What a device shows of itself, and whom it tells when that changes. Knows no network."""

import asyncio
from collections.abc import Callable
from enum import Enum
from weakref import WeakSet

from unisono.client._device.events import Events
from unisono.client._device.inbox import Inbox, InboxChanges


class Status(Enum):
    """How a device is connected.

    OFFLINE: not, and trying. CATCHING_UP: getting what it missed. LIVE: in unison. CLOSED: for good.
    """

    OFFLINE = "offline"
    CATCHING_UP = "catching up"
    LIVE = "live"
    CLOSED = "closed"


class DeviceState:
    """The inbox, how the device is connected, and what went wrong last while it is not."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.status = Status.OFFLINE
        self.error: Exception | None = None
        # Whoever stops iterating is forgotten with its iterator.
        self._listeners: WeakSet[Events] = WeakSet()
        self._changed = asyncio.Event()

    def listen(self) -> Events:
        """An iterator over events from now on."""
        events = Events()
        if self.status is Status.CLOSED:
            events.end(self.error)
        self._listeners.add(events)
        return events

    def apply(self, changes: InboxChanges) -> None:
        """A complete point was reached, and is kept: what is shown and what is told change together."""
        self.inbox.apply_changes(changes)
        if changes.events:
            for listener in tuple(self._listeners):
                listener.put(changes.events)
        self.set_status(Status.LIVE, None)

    def set_status(self, status: Status, error: Exception | None) -> None:
        """Show this."""
        self.status, self.error = status, error
        self.changed()

    def changed(self) -> None:
        """Wake whoever waits for a change."""
        self._changed.set()
        self._changed = asyncio.Event()

    def close(self, error: Exception | None) -> None:
        """The device has ended: for good because of an error, or because it was closed."""
        self.set_status(Status.CLOSED, error)
        for listener in tuple(self._listeners):
            listener.end(error)

    def check_open(self) -> None:
        """Raises what ended the device, if it has ended."""
        if self.status is Status.CLOSED:
            raise self.error or RuntimeError("the device is closed")

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition; it is looked at after each change. Raises what ended the device."""
        while not condition():
            self.check_open()
            await self._changed.wait()
