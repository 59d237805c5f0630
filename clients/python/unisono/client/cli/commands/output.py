"""Prints results on stdout: a table for people, or a JSON object per line for programs."""

import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

import click
from rich.console import Console
from rich.text import Text

from unisono.client.cli.formatting import json_output
from unisono.client.cli.formatting.tables import UNCUT

Row = TypeVar("Row")


def show(
    rows: Iterable[Row],
    table: Callable[[Sequence[Row], datetime, int], list[Text]],
    *,
    as_json: bool,
    none: str,
) -> None:
    """Print all rows, as JSON or in a `table`; without rows, `none` goes to stderr instead of a table."""
    rows = tuple(rows)
    if as_json:
        for row in rows:
            click.echo(json_output.json_line(json_output.to_json(row)))
    elif rows:
        console = Console(width=None if sys.stdout.isatty() else UNCUT, highlight=False)
        for line in table(rows, datetime.now().astimezone(), console.width):
            console.print(line, soft_wrap=True)
    else:
        click.echo(none, err=True)
