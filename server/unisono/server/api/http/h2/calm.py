"""Counts what costs a server and brings nothing, and ends the connection of a client that cannot stop."""

from typing import Final

from unisono.server.api.http.h2.errors import ConnectionFailed, ErrorCode

PINGS_PER_SECOND: Final = 10
PINGS_IDLE: Final = 100
"""The most pings in a row while nothing else comes, and no stream is open."""

USELESS_PER_SECOND: Final = 100
"""The most frames that bring nothing: settings, priorities, empty DATA, unknown ones, updates of windows that
no body is behind, and mistakes for which we reset a stream. Clients send a few of them at first."""

REFUSED_PER_SECOND: Final = 1000
"""The most streams that are refused since there are too many: a client may not know yet how many it may have,
or that one which it gave up counts until it has ended here."""

AFTERMATH: Final = 4
"""Frames of a stream that may come when it is over: its reset, and DATA that was under way."""

LARGE: Final = 10
"""How many of them a list of headers counts that is too large: to decode it costs as much."""


class Calm:
    """Slower pings than these are never held against a client, whatever else it does.

    Nor are those that come while we send: clients of gRPC measure by them how wide to make their windows.
    """

    __slots__ = ("_aftermath", "_idle", "_pings", "_refused", "_second", "_useless")

    def __init__(self) -> None:
        self._second = float("-inf")
        self._pings = 0
        self._useless = 0
        self._refused = 0
        self._aftermath = 0
        self._idle = 0

    def asked(self) -> None:
        """Expect the aftermath of a stream that is to begin, whether or not it is taken."""
        self._aftermath += AFTERMATH

    def active(self) -> None:
        """Begin to count idle pings anew: a stream has begun."""
        self._idle = 0

    def over(self, now: float) -> None:
        """Count a frame of a stream that is over. Raises `ConnectionFailed` (ENHANCE_YOUR_CALM)."""
        if self._aftermath:
            self._aftermath -= 1
        else:
            self.useless(now)

    def refused(self, now: float) -> None:
        """Count a stream that is one too many. Raises `ConnectionFailed` (ENHANCE_YOUR_CALM)."""
        self._turn(now)
        self._refused += 1
        if self._refused > REFUSED_PER_SECOND:
            raise ConnectionFailed(ErrorCode.ENHANCE_YOUR_CALM, "too many streams that are refused")

    def ping(self, now: float, *, open_streams: bool, sending: bool) -> None:
        """Count a ping at a time in seconds. Raises `ConnectionFailed` (ENHANCE_YOUR_CALM).

        `sending` says whether headers or data went to the client since the last one.
        """
        self._idle = 0 if open_streams else self._idle + 1
        self._turn(now)
        if not sending:
            self._pings += 1
        if self._pings > PINGS_PER_SECOND or self._idle > PINGS_IDLE:
            raise ConnectionFailed(ErrorCode.ENHANCE_YOUR_CALM, "too_many_pings")

    def useless(self, now: float, times: int = 1) -> None:
        """Count a frame that brings nothing. Raises `ConnectionFailed` (ENHANCE_YOUR_CALM)."""
        self._turn(now)
        self._useless += times
        if self._useless > USELESS_PER_SECOND:
            raise ConnectionFailed(ErrorCode.ENHANCE_YOUR_CALM, "too many frames that bring nothing")

    def _turn(self, now: float) -> None:
        if now - self._second >= 1.0:
            self._second, self._pings, self._useless, self._refused = now, 0, 0, 0
