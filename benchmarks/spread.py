"""Summarizes the values of several rounds."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The median, lowest and highest of several values."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Return the spread of values, of which there is at least one."""
        ordered = sorted(values)
        return cls(median=statistics.median(ordered), lowest=ordered[0], highest=ordered[-1])


def rounded(value: float) -> float:
    """Round a value to six digits, which is more precise than any measurement here."""
    return float(f"{value:.6g}")


def farthest_from_itself(ratios: Iterable[float]) -> float:
    """Return the largest distance of ratios from 1: 0.05 for 1.05 as for 1 / 1.05."""
    return max(max(ratio, 1 / ratio) for ratio in ratios) - 1
