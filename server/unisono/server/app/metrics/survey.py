"""Looks at the files of the store, and counts what is in it, in the background: who asks does not wait."""

import asyncio
from typing import Final

from unisono.server.errors import Unavailable
from unisono.server.store.sqlite.statistics import Counts, Sizes, Statistics

INTERVAL: Final = 1.0
"""Seconds from one look at the files, and one step of counting, to the next."""

REST: Final = 60
"""How many looks after all was counted it is counted again."""


class Survey:
    """What was found last; None before it was found."""

    def __init__(self, statistics: Statistics) -> None:
        self._statistics = statistics
        self.sizes: Sizes | None = None
        self.counts: Counts | None = None

    async def run(self) -> None:
        """Look and count, until it is cancelled. What cannot be read now is looked at again later."""
        try:
            rest = 0
            while True:
                try:
                    self.sizes = await self._statistics.sizes()
                    rest = await self._count() if not rest else rest - 1
                except Unavailable:
                    pass
                await asyncio.sleep(INTERVAL)
        finally:
            self._statistics.close()

    async def _count(self) -> int:
        """Count a step on, and return for how many looks nothing is counted then."""
        counts = await self._statistics.count_on()
        if counts is None:
            return 0
        self.counts = counts
        return REST
