"""Puts results on stdout: a table for people, an object per line for programs. Knows no calls."""

import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

import click
from rich.console import Console
from rich.table import Table

from unisono.client.cli.words import shapes
from unisono.client.cli.words.tables import UNCUT

Row = TypeVar("Row")


def show(
    rows: Iterable[Row], table: Callable[[Iterable[Row], datetime], Table], *, as_json: bool, none: str
) -> None:
    """All of them; `none` says on stderr that there are none."""
    rows = tuple(rows)
    if as_json:
        for row in rows:
            click.echo(shapes.line(shapes.shape(row)))
    elif rows:
        width = None if sys.stdout.isatty() else UNCUT
        Console(width=width, highlight=False).print(table(rows, datetime.now().astimezone()))
    else:
        click.echo(none, err=True)
