"""The page of a result, in Markdown."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from benchmarks.metric_results import MetricResult, TransportResult
from benchmarks.report import formatting
from benchmarks.report.capacity import capacity
from benchmarks.report.explanations import NOT_EXPLAINED
from benchmarks.results import GroupResult, Result
from benchmarks.transports import BESIDE, HELD

PICTURES: Final = "performance"
"""The folder of the pictures, beside the page."""

OVERVIEW: Final = "overview"

_TIME: Final = Path(__file__).parent / "time.md"
_METHOD: Final = Path(__file__).parent / "method.md"

_INTRO: Final = """\
# Performance

What Unisono does on one core, where its time goes, and what it costs beside what it could not cost less than,
and beside others. This page and its pictures are made by `make bench-report` from
[`result.json`](performance/result.json), which `make bench` writes, and never edited by hand. Each picture is
there as PNG too."""


def page(result: Result, explanations: Mapping[str, str]) -> str:
    """Return the page; `explanations` has, by metric, why it misses its target."""
    return "\n\n".join(_parts(result, explanations)) + "\n"


def _parts(result: Result, explanations: Mapping[str, str]) -> Iterator[str]:
    yield _INTRO
    yield from capacity(result)
    yield _TIME.read_text(encoding="utf-8").strip()
    yield "## How it compares"
    yield f"{_sum(result)}\n\n{_picture('How all metrics are to their targets', OVERVIEW)}"
    yield _METHOD.read_text(encoding="utf-8").strip()
    yield from _where(result)
    for group in result.groups:
        yield from _group(group)
    missed = [(metric, held) for metric in _all(result) if (held := metric.held) and not held.met]
    if missed:
        yield "## What is missed, and why"
    for metric, held in missed:
        why = explanations.get(metric.name, NOT_EXPLAINED)
        yield f"### {_why(metric)}\n\n{_state(metric, held)} {why}"


def _sum(result: Result) -> str:
    targets = [metric.held.met for metric in _all(result) if metric.held]
    return f"{targets.count(True)} of {len(targets)} targets are met."


def _all(result: Result) -> Iterator[MetricResult]:
    return (metric for group in result.groups for metric in group.metrics)


def _where(result: Result) -> Iterator[str]:
    """Describe each machine with its versions once."""
    yield "## Where it was measured"
    places: dict[tuple[tuple[str, str], ...], list[GroupResult]] = defaultdict(list)
    for group in result.groups:
        of_it = group.conditions
        places[*of_it.machine.items(), *of_it.versions.items()].append(group)
    for facts, groups in places.items():
        if len(places) > 1:
            yield f"{', '.join(group.title for group in groups)}:"
        yield "\n".join(("| | |\n|---|---|", *(f"| {name} | {fact} |" for name, fact in facts)))


def _group(group: GroupResult) -> Iterator[str]:
    yield f"## {group.title}"
    if group.notes:
        yield group.notes.strip()
    yield "\n".join((_head(group), *(_row(group, metric) for metric in group.metrics)))
    yield _made(group)
    yield _picture(f"What each workload took: {group.title}", group.name)


def _head(group: GroupResult) -> str:
    names = [one.transport for one in group.metrics[0].transports]
    beside = [f"{name} / {BESIDE}" for name in names if name == HELD and BESIDE in names]
    cells = ("metric", "", "target", *names, *beside, "measured beside it")
    return f"| {' | '.join(cells)} |\n|{'---|' * len(cells)}"


def _row(group: GroupResult, metric: MetricResult) -> str:
    shares = [metric.beside(one) for one in metric.transports if one.transport == HELD]
    cells = (
        f"`{metric.name}`",
        metric.title,
        formatting.target(metric.held) if metric.held else "",
        *(_on_one(metric, one) for one in metric.transports),
        *(formatting.spread(share) for share in shares if share),
        formatting.beside(group, metric),
    )
    return f"| {' | '.join(cells)} |"


def _on_one(metric: MetricResult, one: TransportResult) -> str:
    met = formatting.met(one)
    if one.met is False:
        met = f"[{met}](#{_anchor(_why(metric))})"
    return f"{formatting.spread(one.spread)} {met}".strip()


def _made(group: GroupResult) -> str:
    of_it = group.conditions
    size = "" if of_it.scale.size == 1 else f" of {of_it.scale.size:.0%} of their size"
    void = f" {group.void} runs were void, and done again." if group.void else ""
    return (
        f"`{of_it.command}` on {of_it.made[:10]}, {len(group.rounds)} rounds{size}."
        f" The floor, *{formatting.plain(group.floor)}*, was at most {group.noise:.1%} from itself.{void}"
    )


def _picture(says: str, name: str) -> str:
    return f"![{says}]({PICTURES}/{name}.svg)"


def _state(metric: MetricResult, held: TransportResult) -> str:
    ratio, target = formatting.ratio(held.spread.median), formatting.target(held)
    return f"It is {ratio} on {held.transport}, and should be {target}: {metric.title}."


def _why(metric: MetricResult) -> str:
    return f"`{metric.name}` misses its target"


def _anchor(heading: str) -> str:
    return heading.replace("`", "").lower().replace(" ", "-")
