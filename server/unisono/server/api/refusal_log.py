"""Logs calls that were refused or failed: small lines, and only so many a second. Knows no messages."""

import asyncio
from contextvars import Context
from typing import Final

import structlog

from unisono.server.api.sampling import Sampler
from unisono.server.api.text import cut
from unisono.server.clock import Clock
from unisono.server.errors import Reason, UnisonoError

log = structlog.get_logger(__name__)

#: Characters of what a refusal says: its beginning tells enough, and callers can make it long.
_LONGEST: Final = 300

#: Seconds after which it is said how many lines were left out.
_PAUSE: Final = 1.0


class RefusalLog:
    """Anybody can be refused as often as they like, and must not fill the disk with that."""

    def __init__(self, clock: Clock) -> None:
        self._sampler = Sampler(clock.monotonic)
        self._summary: asyncio.TimerHandle | None = None

    def refused(self, error: UnisonoError) -> None:
        """A call was refused, with this error."""
        if self._takes(error.reason):
            log.info("call refused", reason=error.reason, error=cut(error.message, _LONGEST))

    def failed(self, fault: Exception) -> None:
        """A call met a fault of the server."""
        if self._takes(Reason.INTERNAL):
            log.error("call failed", exc_info=fault)

    def client_gone(self) -> None:
        """A connection broke while something was written to it."""
        if self._takes("client is gone"):
            log.info("client is gone")

    def _takes(self, kind: str) -> bool:
        takes = self._sampler.takes(kind)
        if not takes and self._summary is None:
            # In a context of its own: the line is not about the call that was left out first.
            loop, nobody = asyncio.get_running_loop(), Context()
            self._summary = loop.call_later(_PAUSE, self._sum_up, context=nobody)
        return takes

    def _sum_up(self) -> None:
        self._summary = None
        for kind, count in self._sampler.left_out().items():
            log.info("lines left out", of=kind, count=count)
