"""Names what a node counts, as Prometheus reads it.

Calls have the names of go-grpc-prometheus, which dashboards for gRPC know; what is the service's own begins
with `unisono_`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import grpc
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from unisono.server.api.call_metrics import CallMetrics, MethodMetrics
from unisono.server.app.metrics.node_metrics import NodeMetrics
from unisono.server.core.commit_metrics import CommitMetrics
from unisono.server.histogram import Histogram

_METHOD: Final = ("grpc_type", "grpc_service", "grpc_method")


class NodeCollector(Collector):
    """Collects the metrics of a node anew each time it is asked."""

    def __init__(self, metrics: NodeMetrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """See `Collector`."""
        yield from _of_calls(self._metrics.calls)
        yield GaugeMetricFamily(
            "unisono_open_streams", "Streams of devices that are open.", self._metrics.open_streams()
        )
        yield from _of_commits(self._metrics.commits)


def _of_calls(calls: CallMetrics) -> Iterator[Metric]:
    started = CounterMetricFamily("grpc_server_started", "Calls that have begun.", labels=_METHOD)
    handled = CounterMetricFamily(
        "grpc_server_handled", "Calls that have ended, by their code.", labels=(*_METHOD, "grpc_code")
    )
    handling = HistogramMetricFamily(
        "grpc_server_handling_seconds", "How long calls took, and how long streams were open.", labels=_METHOD
    )
    for method in calls.methods:
        labels = _labels(method)
        started.add_metric(labels, method.started)
        for code, count in method.handled.items():
            handled.add_metric((*labels, code_name(code)), count)
        _add(handling, labels, method.handling_seconds)
    yield from (started, handled, handling)


def _of_commits(commits: Mapping[str, CommitMetrics]) -> Iterator[Metric]:
    items = HistogramMetricFamily(
        "unisono_commit_items", "Changes that share a commit: to feeds, or to endpoints.", labels=("to",)
    )
    seconds = HistogramMetricFamily(
        "unisono_commit_seconds", "How long commits take, with their sync of the disk.", labels=("to",)
    )
    for name, metrics in commits.items():
        _add(items, (name,), metrics.items)
        _add(seconds, (name,), metrics.seconds)
    yield from (items, seconds)


def _labels(method: MethodMetrics) -> tuple[str, str, str]:
    service, _, name = method.name.partition("/")
    return ("server_stream" if method.streaming else "unary"), service, name


def code_name(code: grpc.StatusCode) -> str:
    """Return the name of a code as Go has it, which the dashboards expect: "OK", "NotFound", "Canceled"."""
    if code is grpc.StatusCode.OK:
        return "OK"
    return code.name.title().replace("_", "").replace("Cancelled", "Canceled")


def _add(family: HistogramMetricFamily, labels: Iterable[str], histogram: Histogram) -> None:
    buckets = [("+Inf" if bound == float("inf") else str(bound), count) for bound, count in histogram.buckets]
    family.add_metric(list(labels), buckets, histogram.sum)
