"""A storage that fails now and then, and a process that stands still now and then."""

from collections.abc import Mapping
from random import Random
from typing import Final

from tests.sdk.stopped_clock import StoppedClock
from unisono.client import MemoryStorage, StorageFailed

#: For how long a process may stand still, in seconds.
STALL_TIMEOUT: Final = 10.0


class RandomStalls:
    """Lets the process stand still, with a `chance`, by its `clock`."""

    def __init__(self, random: Random) -> None:
        self.clock = StoppedClock()
        self.chance = 0.0
        self._random = random

    def maybe(self, times: int = 1) -> None:
        """Stand still, with `times` the chance."""
        if self._random.random() < times * self.chance:
            self.clock.now += 1.1 * STALL_TIMEOUT


class MoodyStorage(MemoryStorage):
    """A storage that fails now and then; `saved` is whether the last save succeeded.

    Where the process stood still in a save, the next one succeeds: a device that could not take back what it
    saved would not ring for it in a later process, like one that is killed between saving and ringing.
    """

    def __init__(self, random: Random, stalls: RandomStalls) -> None:
        super().__init__()
        self._random = random
        self._stalls = stalls
        self._stalled = False
        self.saved = False

    async def save(self, changes: Mapping[str, bytes | None]) -> None:
        self.saved = self._stalled or self._random.random() > 0.1
        if not self.saved:
            raise StorageFailed("the disk is full")
        await super().save(changes)
        before = self._stalls.clock.now
        self._stalls.maybe(6)
        self._stalled = self._stalls.clock.now > before
