"""The command that judges a saved history again."""

from pathlib import Path

import click

from unisono.client.cli.commands.help import examples
from unisono.client.cli.failures import Failure
from unisono.verify.cli.options import json_option


@click.command(
    epilog=examples("unisono-verify judge history.jsonl", "unisono-verify judge history.jsonl --json"),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def judge(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Judge what --save has kept in FILE, and print the report."""
    from unisono.verify.cli.report import judge
    from unisono.verify.history_file import InvalidHistoryFile, load

    try:
        with file.open(encoding="utf-8") as lines:
            saved = load(lines)
    except InvalidHistoryFile as error:
        raise Failure(f"{file} holds no history: {error}", "name a file that --save has written") from error
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}", "may you read it?") from error
    report = judge(saved.history, saved.about)
    report.show(as_json=as_json)
    ctx.exit(1 if report.broken else 0)
