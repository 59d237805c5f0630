"""Notices that the process stood still: frozen, stopped, or asleep with its machine.

What comes in meanwhile waits in buffers, and would be read one by one afterwards, as if it were news.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from unisono.client._device.boot_clock import boot_time
from unisono.client._errors import Unavailable

#: Seconds that a stream has after a stall until it is given up: what ended it meanwhile is in its buffers.
LAST_WORDS: Final = 0.5

#: How many times in a `stall_timeout` a loop that has nothing to do shows that it runs.
_TICKS: Final = 5


class Stalled(Unavailable):
    """The process stood still while a stream was open: what it says is of the past."""


class Watchdog:
    """Looks at a clock, again and again: more than `stall_timeout` seconds between two looks are a stall.

    `clock` gives seconds, and goes on while the machine sleeps. `stalls` counts those noticed so far.
    """

    def __init__(self, stall_timeout: float, clock: Callable[[], float] = boot_time) -> None:
        self.stalls = 0
        self._stall_timeout = stall_timeout
        self._clock = clock
        self._seen = clock()
        self._stood_still = 0.0
        self._begun = 0

    def look(self) -> int:
        """Notice a stall if there was one since the last look, and return how many there were so far."""
        now = self._clock()
        still, self._seen = now - self._seen, now
        if still > self._stall_timeout:
            self.stalls, self._stood_still = self.stalls + 1, still
        return self.stalls

    def check(self) -> None:
        """Raise `Stalled` if there was a stall since the last `begin`."""
        if self.look() != self._begun:
            raise Stalled(f"this process stood still for {self._stood_still:.0f} s")

    def begin(self) -> None:
        """Begin with something to which a stall before does not matter."""
        self._begun = self.look()

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Begin, and end what waits inside the context with `Stalled`, `LAST_WORDS` after a stall is noticed.

        One at a time.
        """
        self.begin()
        limit = asyncio.timeout(None)
        ticking = asyncio.create_task(self._expire(limit))
        try:
            async with limit:
                yield
        except TimeoutError:
            if limit.expired():
                self.check()
            raise
        finally:
            ticking.cancel()

    async def sleep(self, delay: float) -> bool:
        """Wait for `delay` seconds, or until shortly after a stall; return whether there was one."""
        begun = self.look()
        try:
            async with asyncio.timeout(delay):
                await self._stalled_since(begun)
        except TimeoutError:
            return self.look() != begun
        return True

    async def _expire(self, limit: asyncio.Timeout) -> None:
        await self._stalled_since(self._begun)
        await asyncio.sleep(LAST_WORDS)
        limit.reschedule(0.0)

    async def _stalled_since(self, begun: int) -> None:
        while self.look() == begun:  # noqa: ASYNC110  nobody else sees it
            await asyncio.sleep(self._stall_timeout / _TICKS)
