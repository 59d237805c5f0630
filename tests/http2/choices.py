"""Makes choices of bytes: random ones, those that Hypothesis shrinks, or those of a fuzzer."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """Choices, until its bytes are used up. From then on each is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def are_left(self) -> bool:
        """Whether there are bytes left."""
        return self._at < len(self._data)

    def below(self, end: int) -> int:
        """Return a number from 0 on, below `end`."""
        value = 0
        for _ in range(1 if end <= 256 else 2 if end <= 65_536 else 4):
            value = value << 8 | (self._data[self._at] if self.are_left else 0)
            self._at += 1
        return value % end

    def one(self, of: Sequence[T]) -> T:
        """Return one of some things."""
        return of[self.below(len(of))]

    def once_in(self, times: int) -> bool:
        """Return True about once in so many times."""
        return self.below(times) == times - 1

    def some(self, most: int) -> bytes:
        """Return some bytes."""
        size = self.below(most + 1)
        found = self._data[self._at : self._at + size]
        self._at += size
        return found
