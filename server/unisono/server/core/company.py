"""Finds out whether a caller was the only one lately, so that there is nobody else to leave room for."""

import math
from collections.abc import Hashable
from typing import Final

LATELY: Final = 0.25
"""How long a caller counts as present after it came, in seconds: one that sends a single item at a time is
seldom found waiting."""


class Company:
    """Remembers who came last, and when somebody else last came. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._last: Hashable = None
        self._last_at = self._other_at = -math.inf

    def comes(self, who: Hashable, now: float) -> bool:
        """Record that `who` comes now. Return whether nobody else came within `LATELY` seconds before."""
        if who != self._last:
            self._last, self._other_at = who, self._last_at
        self._last_at = now
        return now - self._other_at > LATELY
