"""Tables of results for the terminal."""

from collections.abc import Iterable
from typing import Final

from rich.table import Table
from rich.text import Text

from benchmarks.comparing import Compared
from benchmarks.report import formatting
from benchmarks.results import GroupResult

_STYLES: Final = {True: "green", False: "bold red", None: ""}


def of_group(group: GroupResult) -> Table:
    """Return a table of the metrics of a group: median, spread, target and whether it is met."""
    table = _table(f"{group.title} ({formatting.noise(group)})")
    for name in ("metric", "median", "spread", "target", ""):
        table.add_column(name, justify="left" if name == "metric" else "right")
    for metric in group.metrics:
        table.add_row(
            metric.name,
            formatting.ratio(metric.spread.median),
            formatting.ends(metric.spread),
            formatting.target(metric),
            Text(formatting.met(metric), _STYLES[metric.met]),
        )
    return table


def of_comparison(metrics: Iterable[Compared]) -> Table:
    """Return a table of metrics beside the committed result, with how much worse they are."""
    table = _table("Beside the committed result")
    for name in ("metric", "committed", "now", "spread", "change", "noise", ""):
        table.add_column(name, justify="left" if name == "metric" else "right")
    for metric in metrics:
        table.add_row(
            metric.name,
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
