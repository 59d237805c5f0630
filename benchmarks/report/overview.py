"""The picture of all metrics beside their targets."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from benchmarks.metric_results import TransportResult
from benchmarks.report import formatting
from benchmarks.report.axis import Axis, axis
from benchmarks.report.svg import Picture
from benchmarks.results import GroupResult, Result

_TITLE: Final = "Metrics beside their targets"
_ABOUT: Final = (
    "Left of the line a target is met. Dot: median; bar: lowest to highest round;"
    " pale: how far the floor was from itself; grey: other transports"
)

_WIDTH: Final = 800
_LEFT: Final = 190
_RIGHT: Final = 560
_HEAD: Final = 96
_ROW: Final = 25
_BETWEEN: Final = 34


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricBar:
    """A metric in shares of its target, where less is better also for metrics with `at_least`.

    `others` are its medians on other transports, which are not held to the target.
    """

    name: str
    metric: TransportResult
    others: tuple[float, ...]
    lowest: float
    median: float
    highest: float
    noise: float

    @property
    def pale(self) -> tuple[float, float]:
        """Between which values the median may be, by the noise of the floor."""
        return self.median / (1 + self.noise), self.median * (1 + self.noise)


def overview(result: Result) -> str:
    """Return the picture as SVG, without metrics that have no target."""
    picture = Picture()
    groups = {group.title: marks for group in result.groups if (marks := list(_marks(group)))}
    every = [mark for marks in groups.values() for mark in marks]
    ends = [end for mark in every for end in (mark.lowest, mark.highest, *mark.pale, *mark.others)]
    shares = axis((0.5, 1.3, *ends), left=_LEFT, right=_RIGHT)
    for share in shares.doublings():
        label = "target" if share == 1 else f"× {share:g}"  # noqa: RUF001  a times sign is meant
        kind = "ink strong" if share == 1 else "muted"
        picture.text(shares.place(share), _HEAD - 12, label, f"{kind} small middle")
    y = float(_HEAD)
    for title, marks in groups.items():
        picture.text(20, y + 15, title, "ink strong")
        y += _BETWEEN - 12
        _lines(picture, shares, y, _ROW * len(marks))
        for mark in marks:
            _row(picture, shares, mark, y + _ROW / 2)
            y += _ROW
        y += 12
    picture.text(20, 32, _TITLE, "ink title")
    picture.text(20, 54, _ABOUT, "muted small")
    return picture.svg(_WIDTH, _HEAD + _BETWEEN * len(groups) + _ROW * len(every), _TITLE)


def _marks(group: GroupResult) -> Iterator[MetricBar]:
    for metric in group.metrics:
        if held := metric.held:
            spread = held.spread
            low, median, high = sorted(
                _share(r, held) for r in (spread.lowest, spread.median, spread.highest)
            )
            yield MetricBar(
                name=metric.name,
                metric=held,
                others=tuple(_share(one.spread.median, held) for one in metric.transports if one is not held),
                lowest=low,
                median=median,
                highest=high,
                noise=group.noise,
            )


def _share(ratio: float, held: TransportResult) -> float:
    target = held.target or 1.0
    return target / ratio if held.at_least else ratio / target


def _lines(picture: Picture, shares: Axis, y: float, height: float) -> None:
    for share in shares.doublings():
        kind, width = ("edge", 2.0) if share == 1 else ("grid", 1.0)
        picture.box(shares.place(share) - width / 2, y, (width, height), kind)


def _row(picture: Picture, shares: Axis, mark: MetricBar, y: float) -> None:
    metric = mark.metric
    kind = "good" if metric.met else "bad"
    start, end = map(shares.place, mark.pale)
    picture.box(start, y - 8, (end - start, 16), kind, opacity=0.22)
    picture.range(shares.place(mark.lowest), shares.place(mark.highest), y, kind)
    for other in mark.others:
        picture.dot(shares.place(other), y, "other")
    picture.dot(shares.place(mark.median), y, kind)
    picture.text(_LEFT - 14, y + 4, formatting.plain(mark.name), "ink end")
    picture.text(_RIGHT + 30, y + 4, f"{formatting.ratio(metric.spread.median)}, {formatting.target(metric)}")
    picture.text(_WIDTH - 20, y + 4, formatting.met(metric), f"{kind} strong end")
