"""Delays the refusals of callers who make too many calls, also of calls that they cancel meanwhile.

A stream counts for its connection until its call has ended here. So a client that begins calls and resets
them at once (rapid reset, CVE-2023-44487) soon has no streams left, and gRPC refuses further ones at hardly
any cost. If its calls ended at once, each would make room for the next, and the calls of others would wait
behind them.
"""

import asyncio
import random
from typing import Final

_MAX_HELD: Final = 4_000
"""The number of calls that may be held at a time, each of about 20 KB; further ones are not delayed."""


class Tarpit:
    """Delays calls by half of `seconds` to one and a half, at random, so that not all retry at once."""

    def __init__(self, seconds: float) -> None:
        self._seconds: Final = seconds
        self._held: set[asyncio.Future[None]] = set()
        self._closed = False

    @property
    def held(self) -> int:
        """How many calls are held back now."""
        return len(self._held)

    async def hold(self) -> None:
        """Wait for the delay. Does not wait when the tarpit is closed, or holds its maximum of calls.

        A cancellation does not end it early: CancelledError is raised once the delay is over.
        """
        if self._closed or len(self._held) >= _MAX_HELD:
            return
        loop = asyncio.get_running_loop()
        over = loop.create_future()
        self._held.add(over)
        seconds = self._seconds * (0.5 + random.random())  # noqa: S311
        timer = loop.call_later(seconds, _let_go, over)
        cancelled = False
        while not over.done():
            try:
                await asyncio.shield(over)
            except asyncio.CancelledError:
                cancelled = True
        timer.cancel()
        self._held.discard(over)
        if cancelled:
            # A new exception: a kept one would keep this stack frame, and with it the call, alive until the
            # garbage collector runs.
            raise asyncio.CancelledError

    def close(self) -> None:
        """End all delays, and delay nothing from now on: a server that stops must not wait for them."""
        self._closed = True
        for over in self._held:
            _let_go(over)


def _let_go(over: "asyncio.Future[None]") -> None:
    if not over.done():
        over.set_result(None)
