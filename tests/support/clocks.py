"""A clock that stands still until a test moves it."""

import asyncio
import heapq

START = 1_800_000_000_000


class HeldClock:
    """Wall and monotonic time move together, by `advance` alone, which wakes those whose time came."""

    def __init__(self, now: int = START) -> None:
        self._now = now
        self._waiting: list[tuple[int, int, asyncio.Event]] = []
        self._count = 0

    def now(self) -> int:
        return self._now

    def monotonic(self) -> float:
        return self._now / 1000

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        until = self._now + max(0, round(seconds * 1000))
        if event.is_set() or until <= self._now:
            await asyncio.sleep(0)
            return event.is_set()
        alarm = asyncio.Event()
        self._count += 1
        heapq.heappush(self._waiting, (until, self._count, alarm))
        waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(alarm.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return event.is_set()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += round(seconds * 1000)
        while self._waiting and self._waiting[0][0] <= self._now:
            heapq.heappop(self._waiting)[2].set()
