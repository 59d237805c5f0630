"""Runs the chosen groups, prints their results, and saves them."""

from contextlib import nullcontext
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from benchmarks import running
from benchmarks.cli import tables
from benchmarks.cli.options import ORDER, Choice
from benchmarks.cli.progress import progress_reporter
from benchmarks.machine import cores
from benchmarks.results import GroupResult, InvalidResultFile, Result
from benchmarks.running import Outcome
from benchmarks.servers.servers import scraped
from unisono.client.cli.failures import Failure

#: The outcome of a group without metrics, and its style.
_FAILED: Final = ("failed", "bold red")
_LEFT_OUT: Final = ("left out", "yellow")


def measured(choice: Choice, before: Result, file: Path) -> tuple[Result, bool]:
    """Run the chosen groups; return `before` with their results in it, and whether no group failed.

    Each result is saved in the file as soon as its group is over, so it survives when the run is interrupted
    later. Raises `Failure` where there is only one core.
    """
    if not cores.enough():
        raise Failure("there is one core, for servers and for whoever makes the work", "two are needed")
    result, good = before, True
    # The progress bars are drawn on the generator's core too: they must not take the server's time.
    with (
        cores.on(cores.GENERATOR),
        scraped() if choice.metrics else nullcontext(),
        progress_reporter(Console(highlight=False), len(choice.groups)) as reporter,
    ):
        for outcome in running.run(choice.groups, choice.scale, choice.command, reporter):
            _tell(outcome, reporter.console)
            reporter.group_ended()
            if isinstance(outcome, GroupResult):
                result = result.merged(outcome, ORDER)
                result.save(file)
            else:
                good &= not outcome.failed
    return result, good


def loaded(file: Path) -> Result:
    """Load a result file. Raises `Failure` where it cannot be read or holds no result."""
    try:
        return Result.load(file)
    except InvalidResultFile as error:
        raise Failure(str(error), "name a file that run has written") from error
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}", "run writes one") from error


def _tell(outcome: Outcome, console: Console) -> None:
    if isinstance(outcome, GroupResult):
        console.print(tables.of_group(outcome), "")
    else:
        became = _FAILED if outcome.failed else _LEFT_OUT
        console.print(Text.assemble(f"{outcome.name}: ", became, f": {outcome.why}\n"), soft_wrap=True)
