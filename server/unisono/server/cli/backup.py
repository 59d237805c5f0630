"""The command `unisono-server backup`, which copies a store."""

from pathlib import Path
from typing import Any

import click

from unisono.server.cli.examples import examples
from unisono.server.cli.options import loaded, store_setting
from unisono.server.cli.progress import progress


@click.command(
    epilog=examples(
        "unisono-server backup --store sqlite:///unisono.db --to unisono-backup.db",
    )
)
@click.option(
    "--to", "target", type=click.Path(path_type=Path), required=True, metavar="FILE", help="a new file"
)
@store_setting
def backup(target: Path, config: Path | None, **flags: Any) -> None:
    """Copy the store into a new file.

    The copy is the store as it is at one moment. The server may go on meanwhile.
    """
    from unisono.server.app import maintenance

    settings = loaded(config, flags).settings
    with progress("backing up") as show:
        maintenance.backup(settings, target, show)
    click.echo(f"backed up {settings.store_file} to {target}")
