"""Numbers of results as people read them. Knows no page and no picture."""

from collections.abc import Mapping
from typing import Final

from benchmarks.results import GroupResult, MetricResult
from benchmarks.spread import Spread

#: What a measure is multiplied by, and what stands behind it; see `Sample`. Others are shown as they are.
_UNITS: Final[Mapping[str, tuple[float, str]]] = {
    "cpu": (1e6, " µs"),
    "rate": (1.0, "/s"),
    "p50": (1e3, " ms"),
    "p99": (1e3, " ms"),
    "wall": (1.0, " s"),
    "memory": (1e-3, " kB"),
}

#: What a measure is called beside a value of it; a rate needs no name.
_NAMES: Final[Mapping[str, str]] = {"rate": ""}

MEASURES: Final[Mapping[str, str]] = {
    "cpu": "processor time of the server for one operation",
    "rate": "operations a second",
    "memory": "memory of the server for one stream",
    "p50": "time that an operation takes, the median of a round",
}
"""What a measure is, in a sentence; of others, the name says it."""


def ratio(value: float) -> str:
    """A ratio, to three digits at least from 0.1 on."""
    return f"{value:.{2 if value >= 1 else 3}f}"


def ends(spread: Spread) -> str:
    """From the lowest to the highest ratio."""
    return f"{ratio(spread.lowest)}–{ratio(spread.highest)}"  # noqa: RUF001  an en dash is meant


def target(metric: MetricResult) -> str:
    """What a metric is held to."""
    if metric.target is None:
        return ""
    return f"at {'least' if metric.at_least else 'most'} {metric.target:g}"


def met(metric: MetricResult) -> str:
    """Whether it is met; nothing where there is no target."""
    return {True: "met", False: "missed", None: ""}[metric.met]


def noise(group: GroupResult) -> str:
    """How far the floor of a group was from itself."""
    return f"noise {group.noise:.1%}"


def value(measure: str, number: float) -> str:
    """A value of a measure, with its unit."""
    factor, unit = _UNITS.get(measure, (1.0, ""))
    return f"{_digits(number * factor)}{unit}"


def on_axis(measure: str, number: float) -> str:
    """A round number of a measure, with its unit."""
    factor, unit = _UNITS.get(measure, (1.0, ""))
    return f"{number * factor:,g}{unit}"


def beside(group: GroupResult, metric: MetricResult) -> str:
    """What stands beside a metric, by measure: medians of workloads."""
    measures = dict.fromkeys(measure for _, measure in metric.shown)
    parts = []
    for measure in measures:
        values = [
            f"{plain(workload)} {value(measure, group.spread(workload, measure).median)}"
            for workload, shown in metric.shown
            if shown == measure
        ]
        parts.append(f"{_NAMES.get(measure, measure)} {', '.join(values)}".strip())
    return "; ".join(parts)


def plain(name: str) -> str:
    """The name of a workload as words."""
    return name.replace("_", " ")


def _digits(number: float) -> str:
    """Three digits at least."""
    return f"{number:,.{0 if number >= 100 else 1 if number >= 10 else 2}f}"
