"""Shows the progress of a run: bars on a terminal, otherwise a line for each group.

Bars are redrawn only twice a second, since the core that this runs on is measured.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from benchmarks.metrics import Group
from benchmarks.report.formatting import plain

_A_SECOND: Final = 2

#: The columns that name, bar, percentage and time take of a line.
_BESIDE: Final = 54


class ProgressReporter:
    """A `RunListener` that shows nothing; `console` is where other output of the run may be printed."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def group_started(self, group: Group) -> None:
        """See `RunListener`."""

    def workload_started(self, workload: str, before: int, of: int) -> None:
        """See `RunListener`."""

    def workload_ended(self, workload: str, void: bool) -> None:
        """See `RunListener`."""

    def group_ended(self) -> None:
        """Called when a group is over, or was left out."""


class BarReporter(ProgressReporter):
    """Shows two bars on a terminal: one for all groups, and one for the group that is run."""

    def __init__(self, progress: Progress, groups: int) -> None:
        super().__init__(progress.console)
        self._progress = progress
        self._all: TaskID = progress.add_task("all", total=groups, says="")
        self._one: TaskID = progress.add_task("", total=None, says="", visible=False)
        self._over = 0
        self._last = False

    def group_started(self, group: Group) -> None:
        """See `RunListener`."""
        self._progress.reset(self._one, description=group.name, total=None, says="setting up", visible=True)

    def workload_started(self, workload: str, before: int, of: int) -> None:
        """See `RunListener`."""
        self._last = before + 1 == of
        self._progress.update(self._one, completed=before, total=of, says=plain(workload))
        self._progress.update(self._all, completed=self._over + before / of)

    def workload_ended(self, workload: str, void: bool) -> None:
        """See `RunListener`."""
        if void:
            self._progress.update(self._one, says=f"{plain(workload)}, once more: it was void")
        elif self._last:
            self._progress.update(self._one, advance=1, says="ending")

    def group_ended(self) -> None:
        """See `ProgressReporter`."""
        self._over += 1
        self._progress.update(self._all, completed=self._over)


class LineReporter(ProgressReporter):
    """Prints a line when a group begins, for output that is no terminal."""

    def group_started(self, group: Group) -> None:
        """See `RunListener`."""
        self.console.print(f"{group.name}: {group.title}", soft_wrap=True)


@contextmanager
def progress_reporter(console: Console, groups: int) -> Iterator[ProgressReporter]:
    """Yield bars where the console is a terminal, otherwise lines; `groups` is how many are run."""
    if not console.is_terminal:
        yield LineReporter(console)
        return
    # The name of the workload is cut where the terminal is narrow.
    room = Column(no_wrap=True, overflow="ellipsis", max_width=max(8, console.width - _BESIDE))
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(bar_width=20),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[says]}", table_column=room),
    )
    with Progress(*columns, console=console, refresh_per_second=_A_SECOND, transient=True) as progress:
        yield BarReporter(progress, groups)
