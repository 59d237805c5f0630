"""Logs calls that were refused or failed, in short lines and at a limited rate."""

import asyncio
from contextvars import Context
from typing import Final

import structlog

from unisono.server.api.sampling import Sampler
from unisono.server.api.text import cut
from unisono.server.clock import Clock
from unisono.server.errors import Reason, UnisonoError

log = structlog.get_logger(__name__)

#: Characters of an error's message in the log: callers can make it long, and its beginning is enough.
_LONGEST: Final = 300

#: Seconds from the first line that was left out until the number of such lines is logged.
_PAUSE: Final = 1.0


class RefusalLog:
    """Logs at most `sampling.MAX_LINES` lines a second of each kind, and then how many were left out.

    Strangers can cause refusals at any rate, and must not fill the disk with the log. Use it within an event
    loop.
    """

    def __init__(self, clock: Clock) -> None:
        self._sampler = Sampler(clock.monotonic)
        self._summary: asyncio.TimerHandle | None = None

    def refused(self, error: UnisonoError) -> None:
        """Log that a call was refused: the reason, and the first 300 characters of the message."""
        if self._takes(error.reason):
            log.info("call refused", reason=error.reason, error=cut(error.message, _LONGEST))

    def failed(self, fault: Exception) -> None:
        """Log a call that failed because of a fault of the server, with the traceback."""
        if self._takes(Reason.INTERNAL):
            log.error("call failed", exc_info=fault)

    def client_gone(self) -> None:
        """Log that a connection broke while something was written to it."""
        if self._takes("client is gone"):
            log.info("client is gone")

    def _takes(self, kind: str) -> bool:
        takes = self._sampler.takes(kind)
        if not takes and self._summary is None:
            # In a context of its own: the line must not have the request id of the call left out first.
            loop, nobody = asyncio.get_running_loop(), Context()
            self._summary = loop.call_later(_PAUSE, self._sum_up, context=nobody)
        return takes

    def _sum_up(self) -> None:
        self._summary = None
        for kind, count in self._sampler.left_out().items():
            log.info("lines left out", of=kind, count=count)
