"""The command `run`, which measures and saves the result."""

from pathlib import Path
from typing import Any, Final

import click

from benchmarks.cli.measuring import loaded, measured
from benchmarks.cli.options import COMMITTED, Choice, run_options
from benchmarks.results import Result
from unisono.client.cli.commands.help import examples

#: Where a run with metrics is kept: the committed result is without.
_WITH_METRICS: Final = Path(".cache/benchmarks/metrics.json")


@click.command(
    epilog=examples(
        "python -m benchmarks run",
        "python -m benchmarks run --only sending --only delivering --rounds 9",
        "python -m benchmarks run --growth",
        "python -m benchmarks run --metrics --only sending",
        "python -m benchmarks run --scale quick --out .cache/benchmarks/quick.json",
    )
)
@run_options
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="where groups that were run replace those of before"
    f"  [default: {COMMITTED}, with --metrics {_WITH_METRICS}]",
)
@click.pass_context
def run(ctx: click.Context, /, out: Path | None, **given: Any) -> None:
    """Measure, print the metrics of each group, and keep them in a file."""
    choice = Choice.of(**given)
    file = out or (_WITH_METRICS if choice.metrics else COMMITTED)
    _, good = measured(choice, loaded(file) if file.exists() else Result(), file)
    ctx.exit(0 if good else 1)
