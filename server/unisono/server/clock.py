"""Time and ids, behind protocols, so that tests can set them."""

import asyncio
import os
import time
from collections.abc import Coroutine
from typing import Any, Protocol


class SingleWaiterEvent:
    """An event for which one task at a time waits, with a timeout.

    `asyncio.timeout` around an `asyncio.Event` takes twice the time, which every delivery would pay once, and
    700 bytes more for every stream.
    """

    __slots__ = ("_set", "_sleeper")

    def __init__(self) -> None:
        self._set = False
        self._sleeper: asyncio.Future[None] | None = None

    def is_set(self) -> bool:
        """Return whether the event was set, and not cleared since."""
        return self._set

    def set(self) -> None:
        """Set the event, and wake the task that waits. Idempotent."""
        self._set = True
        if self._sleeper is not None:
            _end(self._sleeper)

    def clear(self) -> None:
        """Reset the event, so that the next call of `wait` waits again."""
        self._set = False

    async def wait(self, seconds: float) -> bool:
        """Wait until the event is set, at most `seconds`, and return whether it is set.

        Only one task may wait at a time. After a cancellation the event can be waited for again.
        """
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
    """The source of time. Wall times are milliseconds since 1970 (UTC)."""

    def now(self) -> int:
        """Return the wall time in milliseconds. It may jump, forward and back."""

    def monotonic(self) -> float:
        """Return seconds that never go back, for durations and deadlines within this process."""

    async def wait(self, event: SingleWaiterEvent, seconds: float) -> bool:
        """Wait until `event` is set, at most `seconds`, and return whether it is set."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """See `Clock.now`."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return time.monotonic()

    def wait(self, event: SingleWaiterEvent, seconds: float) -> Coroutine[Any, Any, bool]:
        """See `Clock.wait`."""
        return event.wait(seconds)


class Ids(Protocol):
    """The source of new ids."""

    def notification_id(self, now: int) -> str:
        """Return a new UUIDv7 in text form for the wall time `now` (ms since 1970)."""

    def session_id(self) -> str:
        """Return a new id for a session."""

    def epoch(self) -> bytes:
        """Return eight random bytes that identify one life of a store or of a feed."""


class RandomIds:
    """Ids from the system's random source. Notification ids made within one millisecond ascend."""

    def __init__(self) -> None:
        self._now = 0
        self._tail = 0

    def notification_id(self, now: int) -> str:
        """See `Ids.notification_id`."""
        if now == self._now:
            # A random step, so that no id can be guessed from another.
            self._tail += 1 + int.from_bytes(os.urandom(4), "big")
        else:
            # The highest bit is left free, so that no millisecond runs out of larger ones.
            self._now, self._tail = now, int.from_bytes(os.urandom(10), "big") >> 7
        return uuid7(now, self._tail)

    def session_id(self) -> str:
        """Return 18 random hexadecimal digits."""
        return os.urandom(9).hex()

    def epoch(self) -> bytes:
        """See `Ids.epoch`."""
        return os.urandom(8)


def uuid7(now: int, tail: int) -> str:
    """Return the UUIDv7 (RFC 9562, section 5.7) of a time (ms since 1970) and 74 bits `tail`, as text."""
    high, low = tail >> 62, tail & (1 << 62) - 1
    digits = f"{now << 80 | 0x7 << 76 | high << 64 | 0x2 << 62 | low:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
