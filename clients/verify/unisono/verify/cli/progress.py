"""Shows the progress of a run on stderr: as a bar on a terminal, otherwise in a line now and then."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from unisono.verify.history import History


class ProgressReporter(ABC):
    """Shows the stage that a run is in, and the calls and streams in `history`, which is being recorded."""

    #: How long to wait between two updates, in seconds.
    interval: ClassVar[float]

    def __init__(self, history: History) -> None:
        self._history = history

    @abstractmethod
    def stage(self, what: str, seconds: float = 0.0) -> None:
        """Begin the stage named `what`, which takes `seconds`; 0 where that is not known."""

    @abstractmethod
    def update(self) -> None:
        """Show the present progress."""

    async def run(self) -> None:
        """Update every `interval` seconds, until cancelled."""
        while True:
            await asyncio.sleep(self.interval)
            self.update()

    def _so_far(self) -> str:
        calls, streams = len(self._history.calls), len(self._history.streams)
        return f"{calls:,} calls, {streams:,} streams" if streams else ""


class BarReporter(ProgressReporter):
    """Shows progress as a bar, on a terminal."""

    interval: ClassVar = 0.2

    def __init__(self, history: History, progress: Progress) -> None:
        super().__init__(history)
        self._progress = progress
        self._task: TaskID = progress.add_task("", so_far="", total=None)
        self._began = time.monotonic()

    def stage(self, what: str, seconds: float = 0.0) -> None:
        """See `ProgressReporter`."""
        self._began = time.monotonic()
        self._progress.reset(self._task, description=what, total=seconds or None, so_far=self._so_far())

    def update(self) -> None:
        """See `ProgressReporter`."""
        passed = time.monotonic() - self._began
        self._progress.update(self._task, completed=passed, so_far=self._so_far())


class LineReporter(ProgressReporter):
    """Shows progress in lines, where stderr is no terminal."""

    interval: ClassVar = 10.0

    def __init__(self, history: History, console: Console) -> None:
        super().__init__(history)
        self._console = console

    def stage(self, what: str, seconds: float = 0.0) -> None:
        """See `ProgressReporter`."""
        self._console.print(what + (f" for {seconds:g} s" if seconds else ""), soft_wrap=True)

    def update(self) -> None:
        """See `ProgressReporter`."""
        if so_far := self._so_far():
            self._console.print(f"  {so_far}", soft_wrap=True)


@contextmanager
def progress_reporter(history: History, *, quiet: bool) -> Iterator[ProgressReporter]:
    """Yield the reporter that suits stderr: a bar on a terminal, else lines, or with `quiet` nothing.

    A bar disappears at the end.
    """
    console = Console(stderr=True, highlight=False, quiet=quiet and not Console(stderr=True).is_terminal)
    if not console.is_terminal:
        yield LineReporter(history, console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
        TextColumn("{task.fields[so_far]}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield BarReporter(history, progress)
