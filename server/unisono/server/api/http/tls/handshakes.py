"""Bounds handshakes: how many have begun and not ended, and that no other work waits for them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, Protocol

AT_ONCE: Final = 4
"""Steps that are given to the thread before the loop has seen what came of those before.

Each that ends a handshake brings the loop a client with its requests, which is about as much work as the step
was: of thousands who come at once, no more than these do so in one turn of the loop.
"""

Step = Callable[[], None]
Then = Callable[[asyncio.Future[None]], None]


class Waiting(Protocol):
    """A handshake that has not begun."""

    def begin(self) -> None:
        """Begin; `Handshakes.leave` is to be called once it has ended, whatever has become of it."""


class Handshakes:
    """Gives handshakes their turn, in the order in which clients came.

    A step takes about a millisecond of the processor, for the signature. It is taken on a thread of its own,
    one at a time, and no faster than the loop takes those who come of it, so that whoever is connected
    already does not wait for all of them.
    """

    __slots__ = ("_begun", "_given", "_loop", "_most", "_steps", "_thread", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop, most: int) -> None:
        """`most` is how many may have begun and not ended, each of which takes about 25 KB."""
        self._loop: Final = loop
        self._most: Final = most
        self._begun = 0
        self._given = 0
        self._steps: Final[dict[Waiting, tuple[Step, Then]]] = {}
        self._waiting: Final[dict[Waiting, None]] = {}
        self._thread: Final = ThreadPoolExecutor(1, "tls")

    def enter(self, handshake: Waiting) -> None:
        """Have a handshake begin, once there is room for it."""
        if self._begun < self._most:
            self._begun += 1
            handshake.begin()
        else:
            self._waiting[handshake] = None

    def leave(self, handshake: Waiting) -> None:
        """Forget a handshake that has entered: it has ended, or will never begin."""
        if handshake in self._waiting:
            del self._waiting[handshake]
            return
        self._steps.pop(handshake, None)
        self._begun -= 1
        if self._waiting:
            first = next(iter(self._waiting))
            del self._waiting[first]
            self.enter(first)

    def take(self, handshake: Waiting, step: Step, then: Then) -> None:
        """Have a step of a handshake taken on the thread; `then` is called in the loop with its result.

        It is not taken any more, nor `then` called, where the handshake leaves before its turn.
        """
        self._steps[handshake] = step, then
        self._give()

    def close(self) -> None:
        """Take no more steps."""
        self._steps.clear()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _give(self) -> None:
        while self._steps and self._given < AT_ONCE:
            step, then = self._steps.pop(next(iter(self._steps)))
            self._given += 1
            self._loop.run_in_executor(self._thread, step).add_done_callback(partial(self._taken, then))

    def _taken(self, then: Then, step: asyncio.Future[None]) -> None:
        self._given -= 1
        # First, so that the others go on whatever becomes of this one.
        self._give()
        then(step)
