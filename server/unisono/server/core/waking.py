"""Wakes sessions a few at a time, in fair turns (Fair).

A commit may concern hundreds of streams, each of which writes a message in the round of the event loop in
which it is woken: everything else waits for all that are woken in one round.
"""

import asyncio
from typing import Final

from unisono.server.clock import SingleWaiterEvent
from unisono.server.fair_queue import FairQueue, Owner

ROUND: Final = 32
"""The most sessions woken in one round of the event loop: about two milliseconds of writing."""


class Waking:
    """Wakes sessions at once while they are few, and in turns of apps and users when they are many."""

    def __init__(self) -> None:
        self._waiting: FairQueue[SingleWaiterEvent] = FairQueue()
        self._queued: set[SingleWaiterEvent] = set()
        #: How many more may be woken in this round of the event loop.
        self._left = ROUND

    def wake(self, owner: Owner, wake: SingleWaiterEvent) -> None:
        """Set `wake` now, or when it is the turn of the owner. One that waits for its turn waits once."""
        if self._left == ROUND:
            asyncio.get_running_loop().call_soon(self._next)
        if self._left:
            self._left -= 1
            wake.set()
        elif wake not in self._queued:
            self._queued.add(wake)
            self._waiting.push(owner, wake)

    def _next(self) -> None:
        """Begin a new round."""
        self._left = ROUND
        while self._waiting and self._left:
            self._left -= 1
            wake = self._waiting.pop()
            self._queued.discard(wake)
            wake.set()
        if self._left < ROUND:
            asyncio.get_running_loop().call_soon(self._next)
