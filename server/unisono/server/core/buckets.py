"""Token buckets, which bound how often something may happen. Does not know what."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

from unisono.server.clock import Clock

KeyT = TypeVar("KeyT", bound=Hashable)

_MAX_BUCKETS: Final = 100_000
"""The most buckets that are stored. A caller whose bucket was dropped for others begins with a full one
again: to gain by that takes a hundred thousand other callers within a second."""

#: How far sums of seconds may be off, in seconds.
_ROUNDING: Final = 1e-6


class Buckets(Generic[KeyT]):
    """A token bucket for each key: `rate` tokens a second on average, at most `burst` at once.

    Uses the generic cell rate algorithm (ITU-T I.371), which stores only when a bucket will be full.
    At most 100,000 buckets are stored; the one that was used least recently goes first.
    """

    def __init__(self, clock: Clock, rate: float, burst: float) -> None:
        self._clock = clock
        self._interval = 1 / rate
        self._tolerance = (burst - 1) / rate
        self._full_at: OrderedDict[KeyT, float] = OrderedDict()

    def __len__(self) -> int:
        """Return how many buckets are stored."""
        return len(self._full_at)

    def take(self, key: KeyT) -> float:
        """Take a token. Return 0, or the seconds until there will be one; in that case none was taken."""
        now = self._clock.monotonic()
        full_at = max(self._full_at.get(key, now), now)
        wait = full_at - now - self._tolerance
        if wait > _ROUNDING:
            return wait
        self._full_at[key] = full_at + self._interval
        self._full_at.move_to_end(key)
        if len(self._full_at) > _MAX_BUCKETS:
            self._full_at.popitem(last=False)
        return 0.0

    def give_back(self, key: KeyT) -> None:
        """Put back a token that was taken for nothing."""
        if key in self._full_at:
            self._full_at[key] -= self._interval
