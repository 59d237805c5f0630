"""The command `report`, which makes the page of a result and its pictures."""

from pathlib import Path
from typing import Final

import click

from benchmarks.cli.measuring import loaded
from benchmarks.cli.options import COMMITTED
from benchmarks.report import files
from unisono.client.cli.commands.help import examples

_DOCS: Final = Path("docs")


@click.command(epilog=examples("python -m benchmarks report", "python -m benchmarks report --check"))
@click.option(
    "--of",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=COMMITTED,
    show_default=True,
    metavar="FILE",
    help="the result that it is made of",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=_DOCS,
    show_default=True,
    metavar="FOLDER",
    help="where performance.md and its pictures go",
)
@click.option(
    "--check", is_flag=True, help="write nothing; name the files that are not as they would be made"
)
@click.pass_context
def report(ctx: click.Context, file: Path, out: Path, check: bool) -> None:
    """Make the page of a result, and its pictures."""
    result = loaded(file)
    if not check:
        files.write(result, out)
        click.echo(f"report: {out / files.PAGE}")
        return
    stale = files.stale(result, out)
    for path in stale:
        click.echo(f"report: {out / path} is not as {file} has it; run make bench-report", err=True)
    ctx.exit(1 if stale else 0)
