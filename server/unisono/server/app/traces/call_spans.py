"""Makes a span of a call once that has ended (docs/decisions/0026), with what OpenTelemetry names of RPCs.

No span says who called, or anything of a content.
"""

import random
import time
from typing import Final

import grpc
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

from unisono.server.api.call_metrics import UNKNOWN
from unisono.server.app.traces.trace_parent import TraceParent, trace_parent
from unisono.server.clock import Clock
from unisono.server.core.buckets import Buckets

MOST_PER_SECOND: Final = 200
"""Spans a second, on average, whoever asks for them: each takes some 30 microseconds of the event loop."""

#: The codes that say that the server is at fault (semantic conventions of gRPC, server spans).
_FAULTS: Final = frozenset(
    (
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    )
)

_OTHER: Final = "_OTHER"
"""What the conventions call methods that do not exist."""


class CallSpans:
    """See `CallTraces`. A caller decides by its traceparent whether its call is traced.

    Of the calls that come without, and of those whose token is refused, a share of `ratio` is.
    """

    def __init__(self, tracer: Tracer, ratio: float, clock: Clock) -> None:
        self._tracer: Final = tracer
        self._ratio: Final = ratio
        self._room: Final[Buckets[None]] = Buckets(clock, MOST_PER_SECOND, MOST_PER_SECOND)

    def ended(self, method: str, code: grpc.StatusCode, seconds: float, traceparent: str) -> None:
        """See `CallTraces.ended`."""
        is_stranger = code is grpc.StatusCode.UNAUTHENTICATED
        parent = trace_parent(traceparent) if traceparent and not is_stranger else None
        # Not for security.
        wanted = random.random() < self._ratio if parent is None else parent.sampled  # noqa: S311
        if wanted and not self._room.take(None):
            self._record(_OTHER if method == UNKNOWN else method, code, seconds, parent)

    def _record(self, method: str, code: grpc.StatusCode, seconds: float, parent: TraceParent | None) -> None:
        end = time.time_ns()
        attributes = {
            "rpc.system.name": "grpc",
            "rpc.method": method,
            "rpc.response.status_code": code.name,
        }
        if code in _FAULTS:
            attributes["error.type"] = code.name
        span = self._tracer.start_span(
            method,
            context=None if parent is None else set_span_in_context(_remote(parent)),
            kind=SpanKind.SERVER,
            attributes=attributes,
            start_time=end - int(seconds * 1e9),
        )
        if code in _FAULTS:
            span.set_status(Status(StatusCode.ERROR))
        span.end(end)


def _remote(parent: TraceParent) -> NonRecordingSpan:
    """Return the span of the caller, as far as this process knows it."""
    context = SpanContext(
        parent.trace_id, parent.span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED)
    )
    return NonRecordingSpan(context)
