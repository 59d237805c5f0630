"""The command `check`, which names the metrics that got worse."""

from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from benchmarks.cli import tables
from benchmarks.cli.measuring import loaded, measured
from benchmarks.cli.options import COMMITTED, Choice, run_options
from benchmarks.comparing import compared
from benchmarks.results import Result
from unisono.client.cli.commands.help import examples
from unisono.client.cli.failures import Failure

#: Where the result of a run for a check is saved, to be looked into afterwards.
_RUN: Final = Path(".cache/benchmarks/check.json")

_FILE: Final = click.Path(dir_okay=False, path_type=Path)


@click.command(
    epilog=examples(
        "python -m benchmarks check",
        "python -m benchmarks check --only sending",
        "python -m benchmarks check --metrics",
        "python -m benchmarks check --against .cache/benchmarks/quick.json",
    )
)
@run_options
@click.option("--against", type=_FILE, metavar="FILE", help="of a run just now, instead of another run")
@click.option(
    "--committed",
    type=_FILE,
    default=COMMITTED,
    show_default=True,
    metavar="FILE",
    help="the result that is to be kept up",
)
@click.pass_context
def check(ctx: click.Context, /, against: Path | None, committed: Path, **given: Any) -> None:
    """Measure again, and name the metrics that got worse.

    One did when no round was as good as its committed median, and its own median is worse by more
    than the floor was from itself. The committed result is without --metrics: so this names, too, what
    they make worse.
    """
    before, choice, good = loaded(committed), Choice.of(**given), True
    if against is None:
        now, good = measured(choice, Result(), _RUN)
    else:
        now = loaded(against)
    metrics = list(compared(now, before))
    if not metrics:
        raise Failure("there is no metric in both results", "run groups that are committed")
    console = Console(highlight=False)
    console.print(tables.of_comparison(metrics))
    worse = [f"{metric.name} on {metric.now.transport}" for metric in metrics if metric.worse]
    console.print(f"\n{len(metrics)} metrics, worse: {', '.join(worse) or 'none'}", soft_wrap=True)
    ctx.exit(0 if good and not worse else 1)
