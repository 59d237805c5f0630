"""The command `run`, which measures and saves the result."""

from pathlib import Path
from typing import Any

import click

from benchmarks.cli.measuring import loaded, measured
from benchmarks.cli.options import COMMITTED, Choice, run_options
from benchmarks.results import Result
from unisono.client.cli.commands.help import examples


@click.command(
    epilog=examples(
        "python -m benchmarks run",
        "python -m benchmarks run --only sending --only delivering --rounds 9",
        "python -m benchmarks run --growth",
        "python -m benchmarks run --scale quick --out .cache/benchmarks/quick.json",
    )
)
@run_options
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=COMMITTED,
    show_default=True,
    metavar="FILE",
    help="where groups that were run replace those of before",
)
@click.pass_context
def run(ctx: click.Context, /, out: Path, **given: Any) -> None:
    """Measure, print the metrics of each group, and keep them in a file."""
    _, good = measured(Choice.of(**given), loaded(out) if out.exists() else Result(), out)
    ctx.exit(0 if good else 1)
