"""Measures how late the event loop comes to what is due: so long everybody waits for somebody's work."""

import asyncio
from typing import Final

from unisono.server.histogram import Histogram

INTERVAL: Final = 0.1

#: In seconds: loops come up to a millisecond late by themselves.
_BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class LoopLag:
    """How late each of ten timers a second was."""

    def __init__(self) -> None:
        self.seconds: Final = Histogram(_BOUNDS)

    async def run(self) -> None:
        """Measure, until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + INTERVAL
            await asyncio.sleep(INTERVAL)
            self.seconds.observe(max(loop.time() - due, 0.0))
