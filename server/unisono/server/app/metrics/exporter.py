"""Serves metrics to Prometheus on an address of its own, by our own listener: its limits hold here, too."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from unisono.server.api.address import ListenError
from unisono.server.api.http.exchange import Exchange
from unisono.server.api.http.listener import Listener
from unisono.server.api.http.places import AddressLimits
from unisono.server.app.metrics.collector import ServerCollector
from unisono.server.app.metrics.loop_lag import LoopLag
from unisono.server.app.metrics.node_metrics import ServerMetrics
from unisono.server.app.metrics.survey import Survey

log = structlog.get_logger(__name__)

_PATH: Final = b"/metrics"

#: Few ask, and each answer takes some milliseconds of what serves devices.
_LIMITS: Final = AddressLimits(
    connections=100, per_address=100, opening_per_address=100, new_per_address=20, requests_per_address=20
)


@asynccontextmanager
async def metrics_served(address: str, metrics: ServerMetrics) -> AsyncIterator[str]:
    """Serve the metrics of a server at HOST:PORT inside the context, which is that. Raises `ListenError`."""
    survey, lag = Survey(metrics.statistics), LoopLag()
    exporter = _Exporter(ServerCollector(metrics, survey, lag))
    listener = Listener(exporter.handle, address_limits=_LIMITS)
    host, _, _ = address.rpartition(":")
    try:
        port = await listener.start(address)
    except ListenError as error:
        # What says how to choose another address knows one setting alone.
        raise ListenError(str(error).replace("--listen", "--metrics-listen")) from error
    log.info("serving metrics", address=f"{host}:{port}", path=_PATH.decode())
    background = [asyncio.create_task(one.run(), name="metrics") for one in (survey, lag)]
    try:
        yield f"{host}:{port}"
    finally:
        for task in background:
            task.cancel()
        await asyncio.wait(background)
        listener.drain()
        await listener.wait_closed(0)


class _Exporter:
    def __init__(self, collector: ServerCollector) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(collector)
        ProcessCollector(registry=self._registry)

    async def handle(self, exchange: Exchange) -> None:
        """Answer a request."""
        path, _, _ = exchange.path.partition(b"?")
        if path != _PATH:
            await _answer(exchange, 404, b"text/plain", b"metrics are at /metrics\n")
        elif exchange.method not in (b"GET", b"HEAD"):
            await _answer(exchange, 405, b"text/plain", b"metrics are read by GET\n")
        else:
            text = generate_latest(self._registry)
            await _answer(exchange, 200, CONTENT_TYPE_PLAIN_0_0_4.encode(), text)


async def _answer(exchange: Exchange, status: int, content_type: bytes, body: bytes) -> None:
    exchange.respond(status, ((b"content-type", content_type), (b"content-length", str(len(body)).encode())))
    await exchange.write(body)
    exchange.finish()
