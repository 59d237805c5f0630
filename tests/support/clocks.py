"""Clocks that a test moves: one that stands still otherwise, and one that runs ahead of the machine's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import ceil

from unisono.server.clock import SingleWaiterEvent, SystemClock

START = 1_800_000_000_000

#: Longer than any test, in seconds.
_FOREVER = 1e6


class AheadClock(SystemClock):
    """The machine's clock, but that its wall time is ahead by `ahead` seconds."""

    def __init__(self) -> None:
        self.ahead = 0

    def now(self) -> int:
        return super().now() + 1000 * self.ahead


class FakeClock:
    """A clock whose wall and monotonic time move by `advance` only, which wakes waits that are over.

    `now` is in milliseconds since 1970.
    """

    def __init__(self, now: int = START) -> None:
        self._now = now
        self._alarms: dict[asyncio.Event, tuple[int, SingleWaiterEvent]] = {}
        self._waited = asyncio.Event()

    def now(self) -> int:
        return self._now

    def monotonic(self) -> float:
        return self._now / 1000

    async def wait(self, event: SingleWaiterEvent, seconds: float) -> bool:
        until = self._now + max(0, ceil(seconds * 1000))
        if not event.is_set() and until > self._now:
            await self._first(event, until)
        else:
            await asyncio.sleep(0)
        return event.is_set()

    def advance(self, seconds: float) -> None:
        """Move the time forward, and wake the waits that end by then."""
        self._now += round(seconds * 1000)
        for alarm, (until, _) in self._alarms.items():
            if until <= self._now:
                alarm.set()

    @asynccontextmanager
    async def advancing(self) -> AsyncIterator[None]:
        """Advance the clock inside the context, by a second every few milliseconds."""
        task = asyncio.create_task(self._pass())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def awaited(self, event: SingleWaiterEvent) -> None:
        """Wait until a task waits for this event with a timeout, and neither has happened."""
        while not any(e is event and not e.is_set() and not a.is_set() for a, (_, e) in self._alarms.items()):
            self._waited.clear()
            await self._waited.wait()

    async def _pass(self) -> None:
        while True:
            self.advance(1)
            await asyncio.sleep(0.003)

    async def _first(self, event: SingleWaiterEvent, until: int) -> None:
        """Wait for the event or for the time."""
        alarm = asyncio.Event()
        waits = [asyncio.ensure_future(event.wait(_FOREVER)), asyncio.ensure_future(alarm.wait())]
        self._alarms[alarm] = until, event
        self._waited.set()
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._alarms[alarm]
            for wait in waits:
                wait.cancel()
