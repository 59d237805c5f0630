"""Counts values by how large they are, in the way of Prometheus, for what is measured in every call.

It knows no name and no exposition: whoever shows it names it.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final


class Histogram:
    """How many values were at most as large as each of some bounds, and their sum."""

    __slots__ = ("_bounds", "_counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        """`bounds` ascend."""
        self._bounds: Final = bounds
        self._counts: Final = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self.sum += value

    @property
    def count(self) -> int:
        """How many values there were."""
        return sum(self._counts)

    @property
    def buckets(self) -> Iterator[tuple[float, int]]:
        """Each bound, the last one infinite, and how many values were at most as large."""
        return zip((*self._bounds, float("inf")), accumulate(self._counts), strict=True)
