"""A logarithmic axis, on which equal ratios are equally far apart."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

#: The round numbers of a decade, and how many pixels a doubling needs for all of them to be shown.
_ROUND: Final = (1, 2, 5)
_ROOM: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A logarithmic axis from the value `low` at `left` to `high` at `right`, in pixels."""

    low: float
    high: float
    left: float
    right: float

    def place(self, value: float) -> float:
        """Return where a value lies, in pixels."""
        whole = math.log(self.high / self.low)
        return self.left + (self.right - self.left) * math.log(value / self.low) / whole

    def doublings(self) -> Iterator[float]:
        """Yield the powers of two on the axis, ascending."""
        first, last = math.ceil(math.log2(self.low)), math.floor(math.log2(self.high))
        return (2.0**power for power in range(first, last + 1))

    def round_numbers(self) -> Iterator[float]:
        """Yield 1, 2, 5, 10 and so on, as far as they are on the axis; without room, powers of ten only."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        each = _ROUND if self.place(2) - self.place(1) >= _ROOM else _ROUND[:1]
        numbers = (number * 10.0**power for power in range(first, last + 1) for number in each)
        return (number for number in numbers if self.low <= number <= self.high)


def axis(values: Iterable[float], *, left: float, right: float) -> Axis:
    """Return an axis for values, of which there is at least one, with 15 % of room at each end."""
    ordered = sorted(values)
    return Axis(low=ordered[0] / 1.15, high=ordered[-1] * 1.15, left=left, right=right)
