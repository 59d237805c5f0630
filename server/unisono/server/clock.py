"""Time and ids, behind one seam so that tests can hold them. Knows nothing of the project."""

import asyncio
import os
import time
import uuid
from typing import Protocol


class Clock(Protocol):
    """Where the service takes time from. Wall times are milliseconds since 1970 (UTC)."""

    def now(self) -> int:
        """The wall clock, in milliseconds. It may jump."""

    def monotonic(self) -> float:
        """Seconds that never go back, for measuring and for deadlines within this process."""

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait until `event` is set, at most `seconds`. Returns whether it was set."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        try:
            async with asyncio.timeout(max(seconds, 0)):
                return await event.wait()
        except TimeoutError:
            return event.is_set()


class Ids(Protocol):
    """Where new ids come from."""

    def notification_id(self, now: int) -> str:
        """A new UUIDv7 for the time `now` (milliseconds), as text."""

    def session_id(self) -> str:
        """A new name for a stream."""

    def epoch(self) -> bytes:
        """Eight random bytes that tell one life of a store or a feed from another."""


class RandomIds:
    """Ids from the operating system's random source."""

    def notification_id(self, now: int) -> str:
        return uuid7(now, os.urandom(10))

    def session_id(self) -> str:
        return os.urandom(9).hex()

    def epoch(self) -> bytes:
        return os.urandom(8)


def uuid7(now: int, random: bytes) -> str:
    """The UUIDv7 (RFC 9562, section 5.7) of a time in milliseconds and ten random bytes, as text."""
    value = (now & (1 << 48) - 1) << 80 | int.from_bytes(random, "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))
