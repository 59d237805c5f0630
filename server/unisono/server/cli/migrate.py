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

    Stop the server first, and make a backup: older servers do not read what newer ones made. A server does
    this by itself at its start where it takes a few seconds. What is cut off goes on when it is run again.

    A file of a server that did not overwrite what it deleted is made anew, once: nothing of that is left
    then. It needs as much free space as the file has, beside it.

    Where there is no store yet, one is made.
    """
    from unisono.server.app import maintenance

    settings = loaded(config, flags).settings
    before, now = maintenance.migrate(settings, _say)
    file = settings.store_file
    if before == now:
        click.echo(f"{file} has version {now} already")
    else:
        click.echo(f"{file}: version {before} became {now}")


def _say(what: str, seconds: float) -> None:
    takes = f", which may take {seconds:.0f} s" if seconds >= 1 else ""
    click.echo(f"making {what}{takes}", err=True)
