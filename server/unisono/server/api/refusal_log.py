"""Logs calls that were refused or failed, in short lines and at a limited rate."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

import structlog

from unisono.server.api.sampling import CountingSampler
from unisono.server.api.text import cut
from unisono.server.clock import Clock
from unisono.server.errors import Reason, UnisonoError

log = structlog.get_logger(__name__)

#: Characters of an error's message in the log: callers can make it long, and its beginning is enough.
_LONGEST: Final = 300


class RefusalLog:
    """Counts refusals. Logs at most `sampling.MAX_LINES` a second of each kind, and how many were left out.

    Strangers can cause refusals at any rate, and must not fill the disk with the log. Use it within an event
    loop.
    """

    def __init__(self, clock: Clock) -> None:
        self._sampler = CountingSampler[str](clock.monotonic, _sum_up)
        self.counts: Final[Counter[Reason]] = Counter(dict.fromkeys(Reason, 0))

    def refused(self, error: UnisonoError, method: str, app_id: str | None) -> None:
        """Log that a call was refused: the reason, and the first 300 characters of the message.

        `method` is the full name, `app_id` whose token it had; None where that is not known.
        """
        self.counts[error.reason] += 1
        if self._sampler.takes(error.reason):
            message = cut(error.message, _LONGEST)
            log.info("call refused", reason=error.reason, error=message, **_about(method, app_id))

    def failed(self, fault: Exception, method: str, app_id: str | None) -> None:
        """Log a call that failed because of a fault of the server, with the traceback; see `refused`."""
        self.counts[Reason.INTERNAL] += 1
        if self._sampler.takes(Reason.INTERNAL):
            log.error("call failed", exc_info=fault, **_about(method, app_id))

    def client_gone(self) -> None:
        """Log that a connection broke while something was written to it."""
        if self._sampler.takes("client is gone"):
            log.info("client is gone")


def _about(method: str, app_id: str | None) -> Mapping[str, str]:
    return {"method": method} if app_id is None else {"method": method, "app": app_id}


def _sum_up(kind: str, count: int) -> None:
    log.info("lines left out", of=kind, count=count)
