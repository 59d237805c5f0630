"""Buses that lose, repeat and reorder hints, as a bus may."""

from random import Random

from unisono.server.bus.base import Hint
from unisono.server.bus.local import LocalBus


class LossyBus(LocalBus):
    """Loses, repeats and reorders hints at random; `loss` is the share that is lost."""

    def __init__(self, random: Random, *, loss: float = 0.3) -> None:
        super().__init__()
        self._random = random
        self._loss = loss
        self._late: list[Hint] = []

    def publish(self, hint: Hint) -> None:
        fate = self._random.random()
        if fate < self._loss:
            return
        if fate < self._loss + 0.2:
            self._late.append(hint)
            return
        super().publish(hint)
        if fate > 0.85:
            super().publish(hint)
        if self._late and self._random.random() < 0.5:
            super().publish(self._late.pop(self._random.randrange(len(self._late))))


class NullBus(LocalBus):
    """Loses every hint."""

    def publish(self, hint: Hint) -> None:
        """Drop the hint."""
