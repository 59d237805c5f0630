"""How much work goes into one commit, so that nobody waits long for somebody else's. Knows no commits."""

from typing import Final

SECONDS: Final = 0.0025
"""What the rows of a commit may take of a processor. Beside a busy event loop, with which the store shares
the interpreter, that is about 5 ms: so much longer does a change wait for others."""

#: What a row is taken to cost before anything was measured, in seconds.
_FIRST: Final = 25e-6

#: How much of what was measured counts beside the next measurement.
_KEPT: Final = 0.9

#: What a row is never taken to cost less than, in seconds: a store that measures nothing says 0.
_MIN_ROW_TIME: Final = 2e-6


class Budget:
    """A running average of what a row costs, weighed by rows, and how many of them fit."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._rows = 1.0
        self._work = _FIRST

    @property
    def rows(self) -> int:
        """How many rows the next commit should have at most; at least one."""
        return max(1, int(self._seconds * self._rows / self._work))

    def record(self, rows: int, work: float) -> None:
        """Learn that so many rows took `work` seconds of a processor; 0 says that nobody knows."""
        if rows and work:
            self._rows = self._rows * _KEPT + rows
            self._work = self._work * _KEPT + max(work, rows * _MIN_ROW_TIME)
