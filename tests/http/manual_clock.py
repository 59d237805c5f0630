"""The time of a listener, in the hands of a test: hours pass at once, and nothing is a moment early."""

import asyncio
from collections.abc import Callable
from typing import Any


class ManualClock:
    """Stands for the running loop, but for its clock, which only `advance` moves."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._now = 1000.0
        self._timers: list[Timer] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    def time(self) -> float:
        """Return the time in seconds."""
        return self._now

    def call_at(self, when: float, callback: Callable[[], None]) -> "Timer":
        """See asyncio."""
        timer = Timer(self, when, callback)
        self._timers.append(timer)
        return timer

    def advance(self, seconds: float) -> None:
        """Let time pass, and what is due happen in its order."""
        end = self._now + seconds
        while due := [timer for timer in self._timers if timer.when() <= end]:
            first = min(due, key=Timer.when)
            first.cancel()
            self._now = max(self._now, first.when())
            first.callback()
        self._now = end

    @property
    def timers(self) -> int:
        """How many timers are armed."""
        return len(self._timers)

    def forget(self, timer: "Timer") -> None:
        """Forget a timer."""
        if timer in self._timers:
            self._timers.remove(timer)


class Timer:
    """See `asyncio.TimerHandle`."""

    def __init__(self, clock: ManualClock, when: float, callback: Callable[[], None]) -> None:
        self._clock = clock
        self._when = when
        self.callback = callback

    def when(self) -> float:
        """See asyncio."""
        return self._when

    def cancel(self) -> None:
        """See asyncio."""
        self._clock.forget(self)
