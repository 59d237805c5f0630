"""Bounds what the tails of all feeds take together. Knows neither feeds nor sessions."""

from typing import Final

from unisono.server.core.tail import Tail

TAILS_BYTES: Final = 64 * 1024 * 1024
"""How much memory all tails take at most. Sessions whose tail had to go read the store."""


class Tails:
    """The tails that hold anything, in the order in which they were last heard of."""

    def __init__(self) -> None:
        self._weights: dict[Tail, int] = {}
        self._weight = 0

    def touch(self, tail: Tail) -> None:
        """A tail has changed. Those that nothing was heard of for the longest make room."""
        self.remove(tail)
        self._weights[tail] = tail.weight
        self._weight += self._weights[tail]
        while self._weight > TAILS_BYTES:
            oldest = next(iter(self._weights))
            oldest.drop()
            self.remove(oldest)

    def remove(self, tail: Tail) -> None:
        """Nobody needs it any more."""
        self._weight -= self._weights.pop(tail, 0)
