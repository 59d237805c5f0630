"""Names what a server counts, as Prometheus reads it. What is the service's own begins with `unisono_`."""

from collections.abc import Iterable, Iterator

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from unisono.server import __version__
from unisono.server.app.metrics import calls, connections, keys, storage, streams
from unisono.server.app.metrics.families import gauge, histogram
from unisono.server.app.metrics.loop_lag import LoopLag
from unisono.server.app.metrics.node_metrics import ServerMetrics
from unisono.server.app.metrics.survey import Survey


class ServerCollector(Collector):
    """Collects the metrics of a server anew each time it is asked."""

    def __init__(self, metrics: ServerMetrics, survey: Survey, lag: LoopLag) -> None:
        self._metrics = metrics
        self._survey = survey
        self._lag = lag

    def collect(self) -> Iterable[Metric]:
        """See `Collector`."""
        node, transport = self._metrics.node, self._metrics.transport
        yield from calls.families(node.calls)
        yield from calls.refusals(node.refusals)
        yield from streams.families(node.streams, transport)
        yield from storage.commits(node)
        yield from storage.sweeps(node)
        yield from storage.store(self._metrics.store, self._survey)
        yield from keys.families(self._metrics.issuers)
        yield from connections.families(node.connections, self._metrics.chain())
        yield from self._process()

    def _process(self) -> Iterator[Metric]:
        info = (__version__, self._metrics.transport)
        yield gauge(
            "unisono_build_info", "The version of the server.", ("version", "transport"), ((info, 1),)
        )
        yield histogram(
            "unisono_event_loop_lag_seconds",
            "How late the event loop comes to what is due, asked ten times a second.",
            (),
            (((), self._lag.seconds),),
        )
