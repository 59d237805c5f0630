"""Bounds handshakes: how many have begun and not ended, and that no other work waits for them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol


class Waiting(Protocol):
    """A handshake that has not begun."""

    def begin(self) -> None:
        """Begin; `Handshakes.leave` is to be called once it has ended, whatever has become of it."""


class Handshakes:
    """Gives handshakes their turn, in the order in which clients came.

    A step takes about a millisecond of the processor, for the signature. It is taken on a thread of its own,
    one at a time, so that whoever is connected already does not wait for all those who come.
    """

    __slots__ = ("_begun", "_loop", "_most", "_thread", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop, most: int) -> None:
        """`most` is how many may have begun and not ended, each of which takes about 25 KB."""
        self._loop: Final = loop
        self._most: Final = most
        self._begun = 0
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
        self._begun -= 1
        if self._waiting:
            first = next(iter(self._waiting))
            del self._waiting[first]
            self.enter(first)

    def take(self, step: Callable[[], None], then: Callable[[asyncio.Future[None]], None]) -> None:
        """Take a step on the thread, and call `then` in the loop with what has come of it."""
        self._loop.run_in_executor(self._thread, step).add_done_callback(then)

    def close(self) -> None:
        """Take no more steps."""
        self._thread.shutdown(wait=False, cancel_futures=True)
