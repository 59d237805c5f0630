"""A node that serves its metrics on a port of their own, and what Prometheus reads there."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

import httpx
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.support import transports
from tests.support.nodes import Running, Setup, running
from tests.support.processes import TIMEOUT
from unisono.server.api.convert import encoding
from unisono.server.api.http_server import HttpServer
from unisono.server.app.metrics.exporter import metrics_served
from unisono.server.app.metrics.node_metrics import ServerMetrics
from unisono.server.clock import RandomIds
from unisono.server.keys.base import KeySource
from unisono.server.store.sqlite import SqliteStore
from unisono.server.store.sqlite.statistics import STEP, Statistics

#: The default context takes as long to make as many scrapes take.
_NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Scrape:
    """What was read at one moment."""

    def __init__(self, text: str) -> None:
        self.text: Final = text
        self.families: Final[Sequence[Metric]] = list(text_string_to_metric_families(text))
        self.values: Final = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        """Return the value of a sample with these labels, and no others."""
        return self.values[name, frozenset(labels.items())]

    def has(self, name: str) -> bool:
        """Return whether there is any sample of this name."""
        return any(sample == name for sample, _ in self.values)

    def changed(self, before: "Scrape") -> dict[str, float]:
        """Return the samples that were otherwise before, written as Prometheus does, but for buckets."""
        differences = {one: value - before.values.get(one, 0.0) for one, value in self.values.items()}
        return {
            _written(name, labels): difference
            for (name, labels), difference in differences.items()
            if difference and not name.endswith(("_bucket", "_sum"))
        }


def _written(name: str, labels: frozenset[tuple[str, str]]) -> str:
    told = ",".join(f'{label}="{value}"' for label, value in sorted(labels))
    return f"{name}{{{told}}}" if told else name


class Scraped:
    """A running node, and its metrics."""

    def __init__(self, node: Running, address: str) -> None:
        self.node: Final = node
        self._address: Final = address

    async def scrape(self) -> Scrape:
        """Read the metrics."""
        return await read(self._address)

    async def until(self, told: Callable[[Scrape], bool]) -> Scrape:
        """Read the metrics until they tell this: what is counted when a call ends, is so a moment later."""
        async with asyncio.timeout(TIMEOUT):
            while not told(scrape := await self.scrape()):  # noqa: ASYNC110  it tells nobody
                await asyncio.sleep(0.01)
        return scrape


async def read(address: str) -> Scrape:
    """Read the metrics that are served at HOST:PORT."""
    async with httpx.AsyncClient(verify=_NO_TLS) as client:
        response = await client.get(f"http://{address}/metrics")
    assert response.status_code == 200
    return Scrape(response.text)


@asynccontextmanager
async def scraped(
    setup: Setup, *, issuers: Sequence[tuple[str, KeySource]] = (), step: int = STEP
) -> AsyncIterator[Scraped]:
    """Run a node with these settings, and serve its metrics; a table is counted in steps of so many rows."""
    store = setup.store or SqliteStore(setup.path, ids=RandomIds(), encode=encoding.encode_row)
    assert isinstance(store, SqliteStore)
    async with running(replace(setup, store=store)) as node:
        metrics = ServerMetrics(
            transport="http" if setup.make_server is HttpServer else transports.NAME,
            node=node.node.metrics,
            store=store.metrics,
            statistics=Statistics(setup.path, step=step),
            issuers=issuers,
            chain=lambda: None if setup.certificate is None else setup.certificate.pair.chain,
        )
        async with metrics_served("127.0.0.1:0", metrics) as address:
            yield Scraped(node, address)
