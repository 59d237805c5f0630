"""What one core does, in plain numbers: the opening of the page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from benchmarks.report import formatting
from benchmarks.results import GroupResult, Result
from benchmarks.transports import HELD, on

_HEADING: Final = "## What one core does"

_ABOUT: Final = """\
{processor}, {memory}. The server has one core, and whoever makes the work another. Every send is on the disk
before it is answered, and every token is checked."""

#: The bytes of a gibibyte.
_GIB: Final = 2**30


def _each(value: float) -> str:
    return f"{value:,.0f}"


def _three(value: float) -> str:
    return f"{3 * value:,.0f}"


def _milliseconds(value: float) -> str:
    return formatting.value("p50", value)


def _microseconds(value: float) -> str:
    return formatting.value("cpu", value)


def _seconds(value: float) -> str:
    return formatting.value("wall", value)


def _devices(value: float) -> str:
    return f"{formatting.value('memory', value)}; {_GIB / value:,.0f} in a GiB"


class Line(NamedTuple):
    """One line: what it says, of which measure of which workload, and how its median is written."""

    says: str
    group: str
    workload: str
    measure: str
    written: Callable[[float], str]


_LINES: Final[Sequence[Line]] = (
    Line("sends a second, a call each, 64 in flight", "sending", "send", "rate", _each),
    Line("sends a second, in batches of 100", "sending", "batch", "rate", _each),
    Line("deliveries a second, to users with three open devices each", "delivering", "heard", "rate", _three),
    Line("deliveries a second, in bursts of 20 to a user", "delivering", "burst", "rate", _three),
    Line("a send until its answer, with nothing else to do, median", "waiting", "send", "p50", _milliseconds),
    Line("a send until the third device has it, 300 a second, median", "live", "send", "p50", _milliseconds),
    Line("processor time of such a send, deliveries included", "live", "send", "cpu", _microseconds),
    Line("5,000 known devices that come back at once, all synced", "reconnecting", "known", "wall", _seconds),
    Line("new devices a second", "reconnecting", "new", "rate", _each),
    Line("missed notifications a second, to devices that come back", "catching_up", "back", "rate", _each),
    Line("memory of an idle device", "idling", "idle", "memory", _devices),
    Line("memory of an idle device under TLS", "idling", "idle under TLS", "memory", _devices),
)


def capacity(result: Result) -> Iterator[str]:
    """Yield the paragraphs of the opening; none without a line that was measured."""
    groups = {group.name: group for group in result.groups}
    there = [(line, groups[line.group]) for line in _LINES if line.group in groups]
    rows = [(line.says, _cells(line, group)) for line, group in there]
    names = list(dict.fromkeys(name for _, cells in rows for name in cells))
    names.sort(key=lambda name: name != HELD)
    if not names:
        return
    yield _HEADING
    yield _ABOUT.format(**there[0][1].conditions.machine)
    lines = [f"| | {' | '.join(names)} |", f"|{'---|' * (len(names) + 1)}"]
    lines += [
        f"| {says} | {' | '.join(cells.get(name, '') for name in names)} |" for says, cells in rows if cells
    ]
    yield "\n".join(lines)


def _cells(line: Line, group: GroupResult) -> Mapping[str, str]:
    """Return what a line has for each transport on which it was measured."""
    transports = [one.transport for one in group.metrics[0].transports]
    named = {name: one for one in transports for name in on(one, {line.workload: None})}
    return {
        one: line.written(group.spread(name, line.measure).median)
        for name, one in named.items()
        if line.measure in group.rounds[0].get(name, {})
    }
