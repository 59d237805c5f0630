"""The deadlines of a connection on one timer: thousands of idle connections are to cost next to nothing."""

import asyncio
from collections.abc import Callable
from enum import IntEnum
from typing import Final


class Due(IntEnum):
    """What may be due on a connection."""

    HANDSHAKE = 1
    SETTINGS = 2
    IDLE = 3
    AGE = 4
    GRACE = 5
    LAST_STREAM = 6
    KEEPALIVE = 7
    PONG = 8
    STALLED = 9
    STALLED_STREAMS = 10
    LINGER = 11
    FRAME = 12
    TURN = 13


class Alarm:
    """Calls `on_due` with what is due and the time, in the seconds of the loop.

    A timer is armed anew only for what comes earlier; for what was put off, it rings once in vain.
    """

    __slots__ = ("_at", "_deadlines", "_loop", "_on_due", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, on_due: Callable[[Due, float], None]) -> None:
        self._loop: Final = loop
        self._on_due: Callable[[Due, float], None] | None = on_due
        self._deadlines: Final[dict[Due, float]] = {}
        self._timer: asyncio.Handle | None = None
        # When that rings: of what is due at once, the handles of uvloop do not say it.
        self._at = 0.0

    def hand_over(self, on_due: Callable[[Due, float], None]) -> None:
        """Have another one called from now on."""
        self._on_due = on_due

    def set(self, due: Due, at: float) -> None:
        """Set a deadline, or put it off."""
        if self._on_due is None:
            return
        self._deadlines[due] = at
        if self._timer is None or at < self._at:
            self._arm(at)

    def is_set(self, due: Due) -> bool:
        """Return whether there is such a deadline."""
        return due in self._deadlines

    def clear(self, *dues: Due) -> None:
        """Forget deadlines."""
        for due in dues:
            self._deadlines.pop(due, None)

    def close(self) -> None:
        """Forget all deadlines, for good."""
        self._on_due = None
        self._deadlines.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._at = self._loop.call_at(at, self._ring), at

    def _ring(self) -> None:
        self._timer = None
        now = self._loop.time()
        for due in [due for due, at in self._deadlines.items() if at <= now]:
            self._act(due, now)
        self._arm_first()

    def _act(self, due: Due, now: float) -> None:
        """Act, unless what was due before has changed that."""
        if self._deadlines.get(due, now + 1.0) <= now and self._on_due is not None:
            del self._deadlines[due]
            self._on_due(due, now)

    def _arm_first(self) -> None:
        if self._deadlines:
            first = min(self._deadlines.values())
            if self._timer is None or first < self._at:
                self._arm(first)
