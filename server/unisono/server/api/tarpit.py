"""Holds back what is refused to callers who come too often, whether they wait for it or not.

A stream counts for its connection until its call has ended here. Whoever begins calls and resets them at once
(CVE-2023-44487) has no streams left while theirs are held, and what they begin then is refused by gRPC at no
cost of ours. Ended at once, each would make room for the next, and calls of others would wait behind all of
them.
"""

import asyncio
import random
from typing import Final

_MAX_HELD: Final = 4_000
"""How many calls are held at a time: each takes about 20 KB. Further ones are not."""


class Tarpit:
    """Holds each call for `seconds` on average: half of it to one and a half, so that they do not come back
    all at once.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds: Final = seconds
        self._held: set[asyncio.Future[None]] = set()
        self._closed = False

    async def hold(self) -> None:
        """Wait. Raises CancelledError if the call was cancelled while it was held, but not any sooner."""
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
            # A new one: one that was kept would keep this frame, and by it the call, until garbage is looked
            # for.
            raise asyncio.CancelledError

    def close(self) -> None:
        """Let all go, and hold nothing from now on: a server that stops waits for no one."""
        self._closed = True
        for over in self._held:
            _let_go(over)


def _let_go(over: "asyncio.Future[None]") -> None:
    if not over.done():
        over.set_result(None)
