"""Time and ids, behind one seam so that tests can hold them. Knows nothing of the project."""

import asyncio
import os
import time
from collections.abc import Coroutine
from typing import Any, Protocol


class SingleWaiterEvent:
    """An event that one task at a time waits for, and only so long.

    `asyncio.timeout` around an `asyncio.Event` does the same in twice the time, and every delivery waits
    once; and it keeps 700 bytes more for every stream.
    """

    __slots__ = ("_set", "_sleeper")

    def __init__(self) -> None:
        self._set = False
        self._sleeper: asyncio.Future[None] | None = None

    def is_set(self) -> bool:
        """Whether it was set, and not cleared since."""
        return self._set

    def set(self) -> None:
        """Wake who waits."""
        self._set = True
        if self._sleeper is not None:
            _end(self._sleeper)

    def clear(self) -> None:
        """Let the next one wait again."""
        self._set = False

    async def wait(self, seconds: float) -> bool:
        """Wait until it is set, at most `seconds`. Returns whether it was set."""
        if self._set:
            return True
        loop = asyncio.get_running_loop()
        self._sleeper = loop.create_future()
        timer = loop.call_later(max(seconds, 0), _end, self._sleeper)
        try:
            await self._sleeper
        finally:
            timer.cancel()
            self._sleeper = None
        return self._set


def _end(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)


class Clock(Protocol):
    """Where the service takes time from. Wall times are milliseconds since 1970 (UTC)."""

    def now(self) -> int:
        """The wall clock, in milliseconds. It may jump."""

    def monotonic(self) -> float:
        """Seconds that never go back, for measuring and for deadlines within this process."""

    async def wait(self, event: SingleWaiterEvent, seconds: float) -> bool:
        """Wait until `event` is set, at most `seconds`. Returns whether it was set."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, event: SingleWaiterEvent, seconds: float) -> Coroutine[Any, Any, bool]:
        return event.wait(seconds)


class Ids(Protocol):
    """Where new ids come from."""

    def notification_id(self, now: int) -> str:
        """A new UUIDv7 for the time `now` (milliseconds), as text."""

    def session_id(self) -> str:
        """A new name for a stream."""

    def epoch(self) -> bytes:
        """Eight random bytes that tell one life of a store or a feed from another."""


class RandomIds:
    """Ids from the operating system's random source; those of one millisecond are in order, too."""

    def __init__(self) -> None:
        self._now = 0
        self._tail = 0

    def notification_id(self, now: int) -> str:
        if now == self._now:
            # A step of chance keeps ids from being guessed from one another.
            self._tail += 1 + int.from_bytes(os.urandom(4), "big")
        else:
            # The highest bit is left free, so that no millisecond runs out of larger ones.
            self._now, self._tail = now, int.from_bytes(os.urandom(10), "big") >> 7
        return uuid7(now, self._tail)

    def session_id(self) -> str:
        return os.urandom(9).hex()

    def epoch(self) -> bytes:
        return os.urandom(8)


def uuid7(now: int, tail: int) -> str:
    """The UUIDv7 (RFC 9562, section 5.7) of a time in milliseconds and the 74 bits after it, as text."""
    high, low = tail >> 62, tail & (1 << 62) - 1
    digits = f"{now << 80 | 0x7 << 76 | high << 64 | 0x2 << 62 | low:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
