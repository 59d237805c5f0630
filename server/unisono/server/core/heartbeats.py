"""When a stream asks the store again, and when its device is to hear something. Knows neither of them."""

import random


class Heartbeats:
    """The intervals of one stream, in seconds of a clock that never goes back."""

    __slots__ = ("_agreed", "_interval", "_polled_at", "_written_at")

    def __init__(self, agreed: float, now: float) -> None:
        """`agreed` is how long the stream may be silent."""
        self._agreed = agreed
        self._polled_at = self._written_at = now
        self._interval = self._jittered()

    @property
    def due_at(self) -> float:
        """When an interval will have passed without a write, or without a poll."""
        return min(self._written_at, self._polled_at) + self._interval

    def wrote(self, now: float) -> None:
        """Know that the device heard something."""
        self._written_at = now

    def polled(self, now: float) -> None:
        """Know that the store was asked."""
        self._polled_at = now

    def end_interval(self, now: float) -> bool:
        """Return whether nothing was written for an interval, and begin another."""
        silent = now >= self._written_at + self._interval
        self._interval = self._jittered()
        return silent

    def _jittered(self) -> float:
        """Shorten the agreed interval at random: streams that began together have heartbeats apart."""
        return self._agreed * random.uniform(0.85, 1.0)  # noqa: S311
