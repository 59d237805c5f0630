"""What the values of several rounds come to. Knows no metric."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The one in the middle, and the ends."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Of one value at least."""
        ordered = sorted(values)
        return cls(median=statistics.median(ordered), lowest=ordered[0], highest=ordered[-1])


def rounded(value: float) -> float:
    """To six digits: more than anything here can be measured to."""
    return float(f"{value:.6g}")


def farthest_from_itself(ratios: Iterable[float]) -> float:
    """How far at most something was from itself: 0.05 when it was 1.05 times as much, or as little."""
    return max(max(ratio, 1 / ratio) for ratio in ratios) - 1
