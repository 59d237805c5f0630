"""Counts the pings of a client, and ends the connection of one that cannot stop."""

from typing import Final

from unisono.server.api.http.h2.errors import ConnectionFailed, ErrorCode

PINGS_PER_SECOND: Final = 10
PINGS_IDLE: Final = 100
"""The most pings in a row while nothing else comes, and no stream is open."""


class Calm:
    """Slower pings than these are never held against a client, whatever else it does."""

    __slots__ = ("_idle", "_in_second", "_second")

    def __init__(self) -> None:
        self._second = float("-inf")
        self._in_second = 0
        self._idle = 0

    def active(self) -> None:
        """Count nothing any more: a stream has begun."""
        self._idle = 0

    def ping(self, now: float, *, open_streams: bool) -> None:
        """Count a ping at a time in seconds. Raises `ConnectionFailed` (ENHANCE_YOUR_CALM)."""
        if now - self._second >= 1.0:
            self._second, self._in_second = now, 0
        self._in_second += 1
        self._idle = 0 if open_streams else self._idle + 1
        if self._in_second > PINGS_PER_SECOND or self._idle > PINGS_IDLE:
            raise ConnectionFailed(ErrorCode.ENHANCE_YOUR_CALM, "too_many_pings")
