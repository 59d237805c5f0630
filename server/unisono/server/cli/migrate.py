"""The command `unisono-server migrate`, which brings a store to the version of this server."""

from pathlib import Path
from typing import Any

import click

from unisono.server.cli.examples import examples
from unisono.server.cli.options import loaded, store_setting


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
    from unisono.server.app import maintenance

    settings = loaded(config, flags).settings
    before, now = maintenance.migrate(settings)
    file = settings.store_file
    if before == now:
        click.echo(f"{file} has version {now} already")
    else:
        click.echo(f"{file}: version {before} became {now}")
