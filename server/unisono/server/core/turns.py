"""Long work on the event loop in short slices, of which each caller has one in turn (Fair).

In one piece a batch of a thousand takes the loop fifty milliseconds, and everything else waits as long.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from unisono.server.clock import Clock
from unisono.server.fair_queue import FairQueue, Owner
from unisono.server.histogram import Histogram

A = TypeVar("A")
B = TypeVar("B")

SLICE: Final = 0.0005
"""How long a slice lasts, in seconds: all such work together delays a round of the event loop by as much."""

#: In seconds, for what waits: most slices are the first of their round.
_BOUNDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class Turns:
    """Runs at most one slice of work in each round of the event loop, for the owner whose turn it is."""

    def __init__(self, clock: Clock, slice_: float = SLICE) -> None:
        self._clock = clock
        self._slice = slice_
        self._waiting: FairQueue[asyncio.Future[None]] = FairQueue()
        #: Of the slices that were not the first of their round.
        self.wait_seconds: Final = Histogram(_BOUNDS)
        #: Whether a slice was run in this round, or is about to be.
        self._taken = False

    async def map(self, owner: Owner, work: Callable[[A], B], items: Iterable[A]) -> list[B]:
        """Return what `work` makes of each item, in order, done in the turns of `owner`.

        Raises what `work` raises; the items after that are not worked on. May be cancelled between slices.
        """
        done: list[B] = []
        rest = iter(items)
        while True:
            await self._turn(owner)
            end = self._clock.monotonic() + self._slice
            for item in rest:
                done.append(work(item))
                if self._clock.monotonic() >= end:
                    break
            else:
                return done

    async def _turn(self, owner: Owner) -> None:
        if not self._taken:
            self._taken = True
            asyncio.get_running_loop().call_soon(self._next)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.push(owner, turn)
        began = self._clock.monotonic()
        await turn
        self.wait_seconds.observe(self._clock.monotonic() - began)

    def _next(self) -> None:
        """Give the turn to the next one, who works in the round after this."""
        while self._waiting:
            turn = self._waiting.pop()
            if not turn.done():
                turn.set_result(None)
                asyncio.get_running_loop().call_soon(self._next)
                return
        self._taken = False
