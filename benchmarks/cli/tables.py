"""Tables of results for the terminal."""

from collections.abc import Iterable
from typing import Final

from rich.table import Table
from rich.text import Text

from benchmarks.comparing import Compared
from benchmarks.report import formatting
from benchmarks.results import GroupResult

#: The columns of names; others are of numbers.
_WORDS: Final = ("metric", "transport")

_STYLES: Final = {True: "green", False: "bold red", None: ""}


def of_group(group: GroupResult) -> Table:
    """Return a table of the metrics of a group on each transport, beside target and grpcio."""
    table = _table(f"{group.title} ({formatting.noise(group)})")
    for name in ("metric", "transport", "median", "spread", "of grpcio", "target", ""):
        table.add_column(name, justify="left" if name in _WORDS else "right", no_wrap=name == "metric")
    for metric in group.metrics:
        for one in metric.transports:
            beside = metric.beside(one)
            table.add_row(
                metric.name,
                one.transport,
                formatting.ratio(one.spread.median),
                formatting.ends(one.spread),
                formatting.ratio(beside.median) if beside else "",
                formatting.target(one),
                Text(formatting.met(one), _STYLES[one.met]),
            )
    return table


def of_comparison(metrics: Iterable[Compared]) -> Table:
    """Return a table of metrics beside the committed result, with how much worse they are."""
    table = _table("Beside the committed result")
    for name in ("metric", "transport", "committed", "now", "spread", "change", "noise", ""):
        table.add_column(name, justify="left" if name in _WORDS else "right")
    for metric in metrics:
        table.add_row(
            metric.name,
            metric.now.transport,
            formatting.ratio(metric.committed),
            formatting.ratio(metric.now.spread.median),
            formatting.ends(metric.now.spread),
            f"{metric.change:+.1%}",
            f"{metric.noise:.1%}",
            Text("worse" if metric.worse else "", _STYLES[False]),
        )
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
