"""How many rows go into one commit, so that nobody waits long for the changes of others (Fair)."""

from typing import Final

SECONDS: Final = 0.0025
"""Processor time that the rows of a commit may take, in seconds. Beside a busy event loop, with which the
store shares the interpreter, that lasts about 5 ms, which is what a change waits longer because of others."""

#: The assumed cost of a row before anything was measured, in seconds.
_FIRST: Final = 25e-6

#: The weight of earlier measurements beside the next one.
_KEPT: Final = 0.9

#: The lowest cost of a row that is believed, in seconds.
_MIN_ROW_TIME: Final = 2e-6


class CommitTimeBudget:
    """A running average of the cost of a row, weighted by rows, and how many rows fit into `seconds`."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._rows = 1.0
        self._work = _FIRST

    @property
    def max_rows(self) -> int:
        """The most rows that the next commit should have; at least one."""
        return max(1, int(self._seconds * self._rows / self._work))

    def record(self, rows: int, work: float) -> None:
        """Add to the average that so many rows took `work` seconds of a processor; 0 means unknown."""
        if rows and work:
            self._rows = self._rows * _KEPT + rows
            self._work = self._work * _KEPT + max(work, rows * _MIN_ROW_TIME)
