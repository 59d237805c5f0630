"""Hands events to whoever iterates them, at their own pace. Knows nothing of streams."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Self

from unisono.client._model import ChangeType, Event


class Events:
    """An iterator over what happens to a device's inbox, from the moment it was asked for.

    It never holds the device up. To one that is slow, events of the same notification come as one: as
    the last of them, with the reason of the first, so that at most one waits for each notification.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, Event] = {}
        self._arrived = asyncio.Event()
        self._ended = False
        self._error: Exception | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        """The next event. Raises what ended the device for good, after the last event."""
        while not self._waiting:
            if self._error is not None:
                raise self._error
            if self._ended:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.pop(next(iter(self._waiting)))

    def put(self, events: Iterable[Event]) -> None:
        """Add events, in the order of their revisions."""
        for event in events:
            before = self._waiting.pop(event.notification.id, None)
            self._waiting[event.notification.id] = _merged(before, event) if before else event
        self._arrived.set()

    def end(self, error: Exception | None) -> None:
        """There will be no more."""
        self._ended, self._error = True, error
        self._arrived.set()


def _merged(before: Event, after: Event) -> Event:
    if after.removed or before.removed:
        return after
    return replace(
        after,
        change_type=ChangeType(min(before.change_type, after.change_type)),
        ring=after.ring or (before.ring and after.notification.waits),
    )
