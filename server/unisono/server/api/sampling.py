"""Which of many equal things are logged: the first of each second, and how many more there were.

Knows neither the log nor what is logged.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import Final

#: Of each kind, in each second. A service that refuses more is attacked, or one client is broken and repeats.
MAX_LINES: Final = 20


class Sampler:
    """Counts by kind. There must be a bounded number of kinds: each is remembered."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._second = 0
        self._seen: dict[Hashable, int] = {}
        self._left_out: dict[Hashable, int] = {}

    def takes(self, kind: Hashable) -> bool:
        """Whether one more of a kind is to be logged. If not, it counts as left out."""
        second = int(self._monotonic())
        if second != self._second:
            self._second = second
            self._seen.clear()
        seen = self._seen[kind] = self._seen.get(kind, 0) + 1
        if seen > MAX_LINES:
            self._left_out[kind] = self._left_out.get(kind, 0) + 1
        return seen <= MAX_LINES

    def left_out(self) -> Mapping[Hashable, int]:
        """How many of each kind were left out since this was asked last."""
        found, self._left_out = self._left_out, {}
        return found
