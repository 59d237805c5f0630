"""Counts what a store does: how long reads take and wait, and what failed. Knows no adapter."""

from collections import Counter
from typing import Final

from unisono.server.errors import Reason
from unisono.server.histogram import Histogram

#: In seconds: a read that the page cache has takes some tens of microseconds.
_BOUNDS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)

_FAILURES: Final = (Reason.STORE_FULL, Reason.STORE_UNAVAILABLE, Reason.OUTCOME_UNKNOWN)


class StoreMetrics:
    """What the parts of a store count."""

    def __init__(self) -> None:
        self.read_seconds: Final = Histogram(_BOUNDS)
        #: Of the reads that had to wait until it was their turn.
        self.read_wait_seconds: Final = Histogram(_BOUNDS)
        #: What could not be done, reads and writes, by what the error was.
        self.failures: Final[Counter[Reason]] = Counter(dict.fromkeys(_FAILURES, 0))
