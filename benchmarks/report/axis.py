"""An axis on which twice as much is as far everywhere, as ratios need it. Knows nothing of what is on it."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

#: Round numbers of a decade, and how many pixels twice as much has to take to show them all.
_ROUND: Final = (1, 2, 5)
_ROOM: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """From `least` to `most`, which lie at `left` and `right`, in pixels."""

    low: float
    high: float
    left: float
    right: float

    def place(self, value: float) -> float:
        """Where a value lies."""
        whole = math.log(self.high / self.low)
        return self.left + (self.right - self.left) * math.log(value / self.low) / whole

    def doublings(self) -> Iterator[float]:
        """The powers of two on it."""
        first, last = math.ceil(math.log2(self.low)), math.floor(math.log2(self.high))
        return (2.0**power for power in range(first, last + 1))

    def round_numbers(self) -> Iterator[float]:
        """1, 2, 5, 10 and so on, as far as they are on it; where there is no room, powers of ten."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        each = _ROUND if self.place(2) - self.place(1) >= _ROOM else _ROUND[:1]
        numbers = (number * 10.0**power for power in range(first, last + 1) for number in each)
        return (number for number in numbers if self.low <= number <= self.high)


def axis(values: Iterable[float], *, left: float, right: float) -> Axis:
    """One that has room for all of these, and a little more."""
    ordered = sorted(values)
    return Axis(low=ordered[0] / 1.15, high=ordered[-1] * 1.15, left=left, right=right)
