"""Formats the numbers of results for people."""

from collections.abc import Mapping
from typing import Final

from benchmarks.metric_results import MetricResult, TransportResult
from benchmarks.results import GroupResult
from benchmarks.spread import Spread
from benchmarks.transports import on

#: The factor and unit with which a measure is shown; see `Sample`. Others are shown as they are.
_UNITS: Final[Mapping[str, tuple[float, str]]] = {
    "cpu": (1e6, " µs"),
    "rate": (1.0, "/s"),
    "p50": (1e3, " ms"),
    "p99": (1e3, " ms"),
    "wall": (1.0, " s"),
    "memory": (1e-3, " kB"),
}

#: The name of a measure beside its value, where it is another one; a rate needs none.
_NAMES: Final[Mapping[str, str]] = {"rate": ""}

MEASURES: Final[Mapping[str, str]] = {
    "cpu": "processor time of the server for one operation",
    "rate": "operations a second",
    "memory": "memory of the server for one stream",
    "p50": "time that an operation takes, the median of a round",
}
"""The meaning of measures whose names do not explain themselves."""


def ratio(value: float) -> str:
    """Format a ratio: two decimals from 1 on, three below."""
    return f"{value:.{2 if value >= 1 else 3}f}"


def ends(spread: Spread) -> str:
    """Format the lowest and the highest ratio as a range."""
    return f"{ratio(spread.lowest)}–{ratio(spread.highest)}"  # noqa: RUF001  an en dash is meant


def spread(value: Spread) -> str:
    """Format a median and its range, for Markdown."""
    return f"**{ratio(value.median)}** ({ends(value)})"


def target(metric: TransportResult) -> str:
    """Format the target of a metric, such as "at most 1.5"; empty without one."""
    if metric.target is None:
        return ""
    return f"at {'least' if metric.at_least else 'most'} {metric.target:g}"


def met(metric: TransportResult) -> str:
    """Return "met" or "missed"; empty without a target."""
    return {True: "met", False: "missed", None: ""}[metric.met]


def noise(group: GroupResult) -> str:
    """Format how far the floor of a group was from itself at most."""
    return f"noise {group.noise:.1%}"


def value(measure: str, number: float) -> str:
    """Format a value of a measure with its unit, to at least three digits."""
    factor, unit = _UNITS.get(measure, (1.0, ""))
    return f"{_digits(number * factor)}{unit}"


def on_axis(measure: str, number: float) -> str:
    """Format a round number of a measure with its unit, without further digits."""
    factor, unit = _UNITS.get(measure, (1.0, ""))
    return f"{number * factor:,g}{unit}"


def beside(group: GroupResult, metric: MetricResult) -> str:
    """Format what is shown beside a metric: the medians of workloads, by measure."""
    measures = dict.fromkeys(measure for _, measure in metric.shown)
    parts = []
    for measure in measures:
        values = [_of_workload(group, name, measure) for name, shown in metric.shown if shown == measure]
        parts.append(f"{_NAMES.get(measure, measure)} {', '.join(values)}".strip())
    return "; ".join(parts)


def _of_workload(group: GroupResult, workload: str, measure: str) -> str:
    """Format the median of a workload: of floors and peers one, of ours one for each transport."""
    names = {workload: ""} if workload in group.rounds[0] else _on_each(group, workload)
    values = [f"{value(measure, group.spread(name, measure).median)}{where}" for name, where in names.items()]
    return f"{plain(workload)} {' and '.join(values)}"


def _on_each(group: GroupResult, workload: str) -> Mapping[str, str]:
    transports = [one.transport for one in group.metrics[0].transports]
    return {name: f" on {transport}" for transport in transports for name in on(transport, {workload: None})}


def plain(name: str) -> str:
    """Return a name with spaces for underscores."""
    return name.replace("_", " ")


def _digits(number: float) -> str:
    """Format a number to at least three digits."""
    return f"{number:,.{0 if number >= 100 else 1 if number >= 10 else 2}f}"
