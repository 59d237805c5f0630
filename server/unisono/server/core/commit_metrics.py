"""Counts commits: how many items each has, and how long it takes."""

import time
from collections.abc import Sequence
from typing import Any, Final, TypeVar

from unisono.server.core.committer import Committed, Item, Run
from unisono.server.histogram import Histogram

ItemT = TypeVar("ItemT", bound=Item)
R = TypeVar("R")

_ITEMS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)

#: In seconds: a sync of the disk takes from a tenth of a millisecond to some tens.
_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class CommitMetrics:
    """The commits of one committer, also those that fail."""

    def __init__(self) -> None:
        self.items: Final = Histogram(_ITEMS)
        self.seconds: Final = Histogram(_SECONDS)
        #: How long those who commit something waited for its commit to begin.
        self.wait_seconds: Final = Histogram(_SECONDS)

    def measured(self, run: Run[ItemT, R]) -> Run[ItemT, R]:
        """Return what a committer is to run so that it is counted."""

        async def measure(items: Sequence[ItemT]) -> Committed[Any]:
            began = time.perf_counter()
            try:
                return await run(items)
            finally:
                self.seconds.observe(time.perf_counter() - began)
                self.items.observe(len(items))

        return measure
