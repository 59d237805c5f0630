"""Logs how each call and each stream ended, where an operator asks for it.

A line has no user, no device and no content: what a call was about is nobody's business here.
"""

from typing import Final

import grpc
import structlog

from unisono.server.api.call import Call
from unisono.server.api.call_metrics import MethodMetrics
from unisono.server.api.sampling import CountingSampler
from unisono.server.clock import Clock

log = structlog.get_logger(__name__)


class CallLog:
    """Logs the ends of calls; where it is `sampled`, the first of each method and code in each second.

    Use it within an event loop.
    """

    def __init__(self, clock: Clock, *, sampled: bool) -> None:
        self._sampler = CountingSampler[str](clock.monotonic, _sum_up) if sampled else None

    def takes(self, method: str, code: grpc.StatusCode) -> bool:
        """Return whether one more call that ended so is logged; if not, it is counted."""
        return self._sampler is None or self._sampler.takes(f"{method} {code.name}")


class CallRecord:
    """What the log is to tell of one call, beside its method and its end.

    `reason` is why it did not end with OK, where the service says so, `events` how many of its feed a stream
    brought.
    """

    __slots__ = ("_log", "events", "reason")

    def __init__(self, call_log: CallLog) -> None:
        self._log: Final = call_log
        self.reason: str | None = None
        self.events: int | None = None

    def ended(
        self,
        call: Call,
        method: MethodMetrics,
        app_id: str | None,
        code: grpc.StatusCode,
        seconds: float,
    ) -> None:
        """Log the end of the call; `app_id` is whose token it had, None where that is not known."""
        if not self._log.takes(method.name, code):
            return
        fields = {"app": app_id, "events": self.events, "reason": self.reason}
        log.info(
            "stream ended" if method.streaming else "call ended",
            method=method.name,
            code=code.name,
            seconds=round(seconds, 6),
            peer=call.peer(),
            transport=call.transport,
            **{name: content for name, content in fields.items() if content is not None},
        )


def _sum_up(kind: str, count: int) -> None:
    log.info("lines left out", of=kind, count=count)
