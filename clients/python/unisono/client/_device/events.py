"""Hands events to those who iterate over them, each at an own pace."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Self

from unisono.client._device.memory_budget import (
    MEMBER_OVERHEAD,
    MemoryBudget,
    MemoryExceeded,
    MeteredDict,
)
from unisono.client._device.watchdog import Watchdog
from unisono.client._model import ChangeType, Event

_log = logging.getLogger("unisono.client")


class Events:
    """An iterator over what happens to a device's inbox, from when `Device.events` returned it.

    A slow reader never holds the device up: events of the same notification are merged, into the last of them
    with the change type of the first, so that at most one waits for each notification. For a reader so slow
    that they would take more than 512 MiB, the iterator ends with `Unavailable`: begin anew, with
    `device.notifications` and `device.events()`.

    Where the process stood still, what waits is held back until the device has caught up: then at most one
    of all that wait rings.
    """

    def __init__(self, watchdog: Watchdog) -> None:
        self._watchdog = watchdog
        self._stalls = watchdog.look()
        self._waiting: MeteredDict[Event] = MeteredDict(MemoryBudget("events that nobody takes"), _size)
        self._arrived = asyncio.Event()
        self._ended = False
        self._error: Exception | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        """Wait for the next event, and return it. Cancelling loses none.

        After the last event, raises what ended the device for good, `StopAsyncIteration` where the device
        was closed, or `Unavailable` where events were not taken in time.
        """
        while not self._ready():
            if self._ended:
                raise self._error or StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        id_, event = next(iter(self._waiting.items()))
        self._waiting.drop(id_)
        return event

    def put(self, events: Iterable[Event]) -> None:
        """Add events in the order of their revisions. The device calls it."""
        if self._ended:
            return
        try:
            for event in events:
                before = self._waiting.drop(event.notification.id)
                self._waiting.put(event.notification.id, _merged(before, event) if before else event)
        except MemoryExceeded as error:
            _log.warning("an iterator over events ends: %r", error)
            self.end(error)
        self._arrived.set()

    def caught_up(self) -> None:
        """Let go of what was held back, since all that was missed is there. The device calls it."""
        if self._stalls != self._watchdog.stalls:
            self._ring_once()
            self._arrived.set()

    def end(self, error: Exception | None) -> None:
        """End the iterator after the events that wait, with an error if there is one. The device calls it."""
        if not self._ended:
            self.caught_up()
            self._ended, self._error = True, error
            self._arrived.set()

    def _ready(self) -> bool:
        """Whether an event may be taken: it waits, and is not of before a stall."""
        return bool(self._waiting) and (self._ended or self._stalls == self._watchdog.look())

    def _ring_once(self) -> None:
        """Leave one ring to all that waits: it is what was missed while the process stood still."""
        self._stalls = self._watchdog.stalls
        rings = sorted((event for event in self._waiting.values() if event.ring), key=_revision)
        for event in rings[:-1]:
            self._waiting[event.notification.id] = replace(event, ring=False)


def _revision(event: Event) -> int:
    return event.revision


def _size(event: Event) -> int:
    """Return about how many bytes the event takes, of what it does not share with others and has no limit."""
    row = event.notification
    texts = (row.body, row.title, row.group_name, row.category, row.link, row.icon_url, row.image_url)
    actions = sum(len(action.action_id + action.label + action.link) for action in row.actions)
    data = sum(len(key) + len(text) for key, text in row.data.items())
    members = MEMBER_OVERHEAD * (len(row.actions) + len(row.data))
    return len(row.raw_content) + sum(map(len, texts)) + actions + data + members


def _merged(before: Event, after: Event) -> Event:
    if after.removed or before.removed:
        return after
    return replace(
        after,
        change_type=ChangeType(min(before.change_type, after.change_type)),
        ring=after.ring or (before.ring and after.notification.counts_as_unread),
    )
