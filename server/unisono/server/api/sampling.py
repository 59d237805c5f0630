"""Decides which of many log lines of one kind are written: the first of each second; the others are counted.

Does not depend on the log.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import Final

#: Lines of each kind in each second. With more, the service is attacked, or one broken client repeats.
MAX_LINES: Final = 20


class Sampler:
    """Counts lines by kind, in seconds of the clock `monotonic`.

    The number of kinds must be bounded: each is remembered until the second ends, or until `left_out`.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._second = 0
        self._seen: dict[Hashable, int] = {}
        self._left_out: dict[Hashable, int] = {}

    def takes(self, kind: Hashable) -> bool:
        """Return whether one more line of a kind may be logged; if not, it is counted as left out."""
        second = int(self._monotonic())
        if second != self._second:
            self._second = second
            self._seen.clear()
        seen = self._seen[kind] = self._seen.get(kind, 0) + 1
        if seen > MAX_LINES:
            self._left_out[kind] = self._left_out.get(kind, 0) + 1
        return seen <= MAX_LINES

    def left_out(self) -> Mapping[Hashable, int]:
        """Return how many lines of each kind were left out since the last call, and reset the counts."""
        found, self._left_out = self._left_out, {}
        return found
