"""Whether somebody was the only one lately: then there is nobody to make room for. Knows not what they do."""

import math
from collections.abc import Hashable
from typing import Final

LATELY: Final = 0.25
"""For how long whoever came is taken to come again, in seconds: who sends one thing at a time is seldom found
waiting."""


class Company:
    """Who came last, and when the last one came who was somebody else. Times are in seconds."""

    def __init__(self) -> None:
        self._last: Hashable = None
        self._last_at = self._other_at = -math.inf

    def comes(self, who: Hashable, now: float) -> bool:
        """Somebody comes now; whether nobody else came lately."""
        if who != self._last:
            self._last, self._other_at = who, self._last_at
        self._last_at = now
        return now - self._other_at > LATELY
