"""The picture of one group: what each of its workloads took, beside the floor."""

from typing import Final

from benchmarks.report import formatting
from benchmarks.report.axis import Axis, axis
from benchmarks.report.svg import Picture
from benchmarks.results import GroupResult
from benchmarks.rounds import REPEAT_SUFFIX
from benchmarks.transports import is_on_one

_WIDTH: Final = 800
_LEFT: Final = 190
_RIGHT: Final = 680
_HEAD: Final = 96
_ROW: Final = 25


def workloads(group: GroupResult) -> str:
    """Return the picture as SVG, in the measure by which the group compares its floor with itself."""
    names = _names(group)
    spreads = [group.spread(name, group.measure) for name in names]
    ends = [end for spread in spreads for end in (spread.lowest, spread.highest)]
    values = axis(ends, left=_LEFT, right=_RIGHT)
    picture = Picture()
    picture.text(20, 32, group.title, "ink title")
    measure = formatting.MEASURES.get(group.measure, group.measure)
    about = f"{measure}. Dot: median of {len(group.rounds)} rounds; bar: lowest to highest"
    picture.text(20, 54, about[0].upper() + about[1:], "muted small")
    _numbers(picture, values, group.measure, _ROW * len(names))
    for number, name in enumerate(names):
        kind = "good" if is_on_one(name) else "other"
        _row(picture, values, group, name, kind, _HEAD + _ROW * (number + 0.5))
    return picture.svg(_WIDTH, _HEAD + _ROW * len(names) + 16, group.title)


def _names(group: GroupResult) -> list[str]:
    """Return all workloads with the measure of the group; the floor is followed by its second run."""
    names = [name for name, sample in group.rounds[0].items() if group.measure in sample]
    names.remove(group.floor + REPEAT_SUFFIX)
    names.insert(names.index(group.floor) + 1, group.floor + REPEAT_SUFFIX)
    return names


def _numbers(picture: Picture, values: Axis, measure: str, height: float) -> None:
    for number in values.round_numbers():
        x = values.place(number)
        picture.box(x - 0.5, _HEAD - 4, (1, height + 8), "grid")
        picture.text(x, _HEAD - 12, formatting.on_axis(measure, number), "muted small middle")


def _row(picture: Picture, values: Axis, group: GroupResult, name: str, kind: str, y: float) -> None:
    spread = group.spread(name, group.measure)
    picture.range(values.place(spread.lowest), values.place(spread.highest), y, kind)
    picture.dot(values.place(spread.median), y, kind)
    picture.text(_LEFT - 14, y + 4, formatting.plain(name), f"{'ink' if kind == 'good' else 'muted'} end")
    picture.text(_WIDTH - 20, y + 4, formatting.value(group.measure, spread.median), "ink end")
