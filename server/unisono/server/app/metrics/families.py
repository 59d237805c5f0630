"""Makes the families of metrics that the format of Prometheus has, of plain numbers and histograms."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from unisono.server.histogram import Histogram

Values: TypeAlias = Iterable[tuple[Sequence[str], float]]
"""Values by those of their labels."""


def by_name(counts: Mapping[str, float]) -> Values:
    """Return the values of a family with one label."""
    return (((name,), count) for name, count in counts.items())


def counter(name: str, text: str, labels: Sequence[str], values: Values) -> CounterMetricFamily:
    """Return counters; the format adds `_total` to their name."""
    family = CounterMetricFamily(name, text, labels=labels)
    for told, number in values:
        family.add_metric(told, number)
    return family


def gauge(name: str, text: str, labels: Sequence[str], values: Values) -> GaugeMetricFamily:
    """Return gauges."""
    family = GaugeMetricFamily(name, text, labels=labels)
    for told, number in values:
        family.add_metric(told, number)
    return family


def histogram(
    name: str, text: str, labels: Sequence[str], values: Iterable[tuple[Sequence[str], Histogram]]
) -> HistogramMetricFamily:
    """Return histograms."""
    family = HistogramMetricFamily(name, text, labels=labels)
    for told, one in values:
        family.add_metric(list(told), [(_bound(bound), count) for bound, count in one.buckets], one.sum)
    return family


def _bound(bound: float) -> str:
    return "+Inf" if bound == float("inf") else str(bound)
