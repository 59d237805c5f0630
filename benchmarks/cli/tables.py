"""Results in the terminal: the figures of a group, and figures beside those that are committed."""

from collections.abc import Iterable
from typing import Final

from rich.table import Table
from rich.text import Text

from benchmarks.comparing import Compared
from benchmarks.report import words
from benchmarks.results import GroupResult

_STYLES: Final = {True: "green", False: "bold red", None: ""}


def of_group(group: GroupResult) -> Table:
    """Its figures."""
    table = _table(f"{group.title} ({words.noise(group)})")
    for name in ("figure", "median", "spread", "target", ""):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for figure in group.figures:
        table.add_row(
            figure.name,
            words.ratio(figure.spread.median),
            words.ends(figure.spread),
            words.target(figure),
            Text(words.met(figure), _STYLES[figure.met]),
        )
    return table


def of_comparison(figures: Iterable[Compared]) -> Table:
    """What became of each."""
    table = _table("Beside the committed result")
    for name in ("figure", "committed", "now", "spread", "change", "noise", ""):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for figure in figures:
        table.add_row(
            figure.name,
            words.ratio(figure.committed),
            words.ratio(figure.now.spread.median),
            words.ends(figure.now.spread),
            f"{figure.change:+.1%}",
            f"{figure.noise:.1%}",
            Text("worse" if figure.worse else "", _STYLES[False]),
        )
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
