"""The command that brings a store to the version of this server."""

from pathlib import Path
from typing import Any

import click

from unisono.server.cli.examples import examples
from unisono.server.cli.options import loaded, store_setting
from unisono.server.clock import RandomIds


@click.command(
    epilog=examples(
        "unisono-server migrate --store sqlite:///unisono.db",
    )
)
@store_setting
def migrate(config: Path | None, **flags: Any) -> None:
    """Bring the store to the version of this server.

    Stop the server first, and make a backup. Where there is no store yet, one is made.
    """
    from unisono.server.store import sqlite

    file = loaded(config, flags).settings.store_file
    before, now = sqlite.migrate(file, RandomIds())
    if before == now:
        click.echo(f"{file} has version {now} already")
    else:
        click.echo(f"{file}: version {before} became {now}")
