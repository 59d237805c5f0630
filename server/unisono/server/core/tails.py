"""Bounds the memory that the tails of all feeds take together."""

from typing import Final

from unisono.server.core.tail import Tail

TAILS_BYTES: Final = 64 * 1024 * 1024
"""The most memory of all tails, in bytes, approximately. Sessions whose tail was emptied read the store."""


class Tails:
    """The tails that are counted, in the order of their last change."""

    def __init__(self) -> None:
        self._weights: dict[Tail, int] = {}
        self._weight = 0

    def touch(self, tail: Tail) -> None:
        """Count a tail that has changed; where all take too much, empty those that changed longest ago."""
        self.remove(tail)
        self._weights[tail] = tail.memory_bytes
        self._weight += self._weights[tail]
        while self._weight > TAILS_BYTES:
            oldest = next(iter(self._weights))
            oldest.drop()
            self.remove(oldest)

    def remove(self, tail: Tail) -> None:
        """Stop counting a tail, if it is counted."""
        self._weight -= self._weights.pop(tail, 0)
