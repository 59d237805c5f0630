"""Counts the calls of each method: begun, ended with which code, after how long.

What is counted is named by the method alone, of which there are few: nothing that a caller says is kept.
"""

from collections import Counter
from typing import Final

import grpc

from unisono.server.histogram import Histogram

UNKNOWN: Final = "unknown/unknown"
"""The name of all methods that do not exist."""

#: In seconds: calls take milliseconds, and streams up to hours.
_BOUNDS: Final = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0, 3600.0,
)  # fmt: skip


class MethodMetrics:
    """The calls of one method. `name` is its full one, such as `unisono.v1.FeedService/GetFeed`."""

    __slots__ = ("handled", "handling_seconds", "name", "started", "streaming")

    def __init__(self, name: str, *, streaming: bool) -> None:
        self.name: Final = name
        self.streaming: Final = streaming
        self.started = 0
        self.handled: Final[Counter[grpc.StatusCode]] = Counter()
        self.handling_seconds: Final = Histogram(_BOUNDS)

    def end(self, code: grpc.StatusCode, seconds: float) -> None:
        """Count a call that has ended."""
        self.handled[code] += 1
        self.handling_seconds.observe(seconds)


class CallMetrics:
    """The calls of all methods."""

    def __init__(self) -> None:
        self._methods: Final[dict[str, MethodMetrics]] = {}

    def method(self, name: str, *, streaming: bool = False) -> MethodMetrics:
        """Return what counts the calls of a method."""
        return self._methods.setdefault(name, MethodMetrics(name, streaming=streaming))

    @property
    def methods(self) -> tuple[MethodMetrics, ...]:
        """What counts the calls of each method that there is."""
        return tuple(self._methods.values())
