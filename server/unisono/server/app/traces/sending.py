"""Sends spans to a collector, in the background: by OTLP over gRPC, and none waits for it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from unisono.server import __version__
from unisono.server.app.traces.call_spans import CallSpans
from unisono.server.clock import Clock
from unisono.server.failure_log import FailureLog

log = structlog.get_logger(__name__)

_NAME: Final = "unisono-server"

WAITING: Final = 2048
"""Spans that may wait to be sent; beyond, they are lost."""

_TIMEOUT: Final = 5.0
"""Seconds that the collector may take for a batch, and that the end of the server waits for the last."""


@asynccontextmanager
async def traces_sent(endpoint: str, ratio: float, clock: Clock) -> AsyncIterator[CallSpans]:
    """Trace calls inside the context, and send them to the collector at `endpoint`."""
    provider = TracerProvider(sampler=ALWAYS_ON, resource=_resource(), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=endpoint, insecure=endpoint.startswith("http://"), timeout=_TIMEOUT)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=WAITING))
    library = logging.getLogger("opentelemetry")
    failures = _Failures(clock)
    library.addHandler(failures)
    library.propagate = False
    log.info("sending traces", endpoint=endpoint, ratio=ratio)
    try:
        yield CallSpans(provider.get_tracer(_NAME, __version__), ratio, clock)
    finally:
        await asyncio.to_thread(provider.shutdown)
        library.removeHandler(failures)


def _resource() -> Resource:
    """Return what says whose spans these are; the variables of OpenTelemetry may say more, or otherwise."""
    named = Resource({"service.name": _NAME, "service.version": __version__})
    said = Resource.create()
    unnamed = str(said.attributes.get("service.name", "")).startswith("unknown_service")
    return said.merge(named) if unnamed else named.merge(said)


class _Failures(logging.Handler):
    """Takes what the library logs, so that a collector that is away is a line a minute."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(logging.WARNING)
        self._log: Final = FailureLog("traces could not be sent", clock.monotonic)

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`. Called on the thread that sends."""
        self._log.add(record.name, record.getMessage())
