"""Decides which of many log lines of one kind are written: the first of each second; the others are counted.

Does not depend on the log.
"""

import asyncio
from collections.abc import Callable, Hashable, Mapping
from contextvars import Context
from typing import Final, Generic, TypeVar

#: Lines of each kind in each second. With more, the service is attacked, or one broken client repeats.
MAX_LINES: Final = 20

#: Seconds from the first line that was left out until the number of such lines is told.
_PAUSE: Final = 1.0

KindT = TypeVar("KindT", bound=Hashable)


class Sampler(Generic[KindT]):
    """Counts lines by kind, in seconds of the clock `monotonic`.

    The number of kinds must be bounded: each is remembered until the second ends, or until `left_out`.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._second = 0
        self._seen: dict[KindT, int] = {}
        self._left_out: dict[KindT, int] = {}

    def takes(self, kind: KindT) -> bool:
        """Return whether one more line of a kind may be logged; if not, it is counted as left out."""
        second = int(self._monotonic())
        if second != self._second:
            self._second = second
            self._seen.clear()
        seen = self._seen[kind] = self._seen.get(kind, 0) + 1
        if seen > MAX_LINES:
            self._left_out[kind] = self._left_out.get(kind, 0) + 1
        return seen <= MAX_LINES

    def left_out(self) -> Mapping[KindT, int]:
        """Return how many lines of each kind were left out since the last call, and reset the counts."""
        found, self._left_out = self._left_out, {}
        return found


class CountingSampler(Generic[KindT]):
    """A sampler that tells by itself how many lines of a kind were left out, a second after the first.

    `tell` is called with the kind and the number. Use it within an event loop.
    """

    def __init__(self, monotonic: Callable[[], float], tell: Callable[[KindT, int], None]) -> None:
        self._sampler = Sampler[KindT](monotonic)
        self._tell = tell
        self._timer: asyncio.TimerHandle | None = None

    def takes(self, kind: KindT) -> bool:
        """See `Sampler.takes`."""
        takes = self._sampler.takes(kind)
        if not takes and self._timer is None:
            # In a context of its own: the line must not have the request id of the call left out first.
            loop, nobody = asyncio.get_running_loop(), Context()
            self._timer = loop.call_later(_PAUSE, self._tell_all, context=nobody)
        return takes

    def _tell_all(self) -> None:
        self._timer = None
        for kind, count in self._sampler.left_out().items():
            self._tell(kind, count)
