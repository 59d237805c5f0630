"""The events of a device, for programs without an event loop."""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Self

from unisono.client._device.device import Device
from unisono.client._device.events import Events
from unisono.client._loop_thread import Closed, LoopThread
from unisono.client._model import Event


class BlockingEvents:
    """An iterator over what happens to a device's inbox: as `Events`, but iterated with `for`, on any thread.

    Each step blocks until there is an event. One that an exception interrupts, such as Ctrl-C, loses none.
    """

    def __init__(self, thread: LoopThread[Device], events: Events, timeout: float | None) -> None:
        self._thread = thread
        self._events = events
        self._timeout = timeout
        self._taken: deque[Event] = deque()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        """Wait for the next event, and return it.

        Raises `TimeoutError` when none came in the time that `events` was given, after which the iteration
        may go on; what ended the device for good; and `StopIteration` where the device was closed.
        """
        with suppress(Closed):
            while not self._taken and self._thread.run(self._take()):
                pass
        if not self._taken:
            raise StopIteration
        return self._taken.popleft()

    async def _take(self) -> bool:
        """Take an event, and return whether there was one before the end."""
        async with asyncio.timeout(self._timeout):
            event = await anext(self._events, None)
            if event is not None:
                self._taken.append(event)
        return event is not None
