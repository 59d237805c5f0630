"""Logs what fails again and again for a while, such as every write to a full disk: a line a minute."""

import time
from collections.abc import Callable
from typing import Final

import structlog

log = structlog.get_logger(__name__)

INTERVAL: Final = 60.0
"""Seconds from one line to the next."""


class FailureLog:
    """Logs `event` when it happens, and then how often it did, at most once in `INTERVAL` seconds.

    `monotonic` is the clock that counts.
    """

    def __init__(self, event: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._event = event
        self._monotonic = monotonic
        self._next = float("-inf")
        self._failures = 0

    def add(self, reason: str, error: object) -> None:
        """Count a failure, and log it if it is time for a line, with the failures since the last."""
        self._failures += 1
        now = self._monotonic()
        if now < self._next:
            return
        log.warning(self._event, failures=self._failures, reason=reason, error=str(error))
        self._next, self._failures = now + INTERVAL, 0
