"""The command `unisono-server restore`, which makes a store of a backup."""

from pathlib import Path
from typing import Any

import click

from unisono.server.cli.examples import examples
from unisono.server.cli.options import loaded, store_setting
from unisono.server.cli.progress import progress


@click.command(
    epilog=examples(
        "unisono-server restore --from unisono-backup.db --store sqlite:///unisono.db",
        "unisono-server restore --from unisono-backup.db --store sqlite:///unisono.db --force",
    )
)
@click.option(
    "--from", "source", type=click.Path(path_type=Path), required=True, metavar="FILE", help="the backup"
)
@click.option("--force", is_flag=True, help="overwrite a store that is there already")
@store_setting
def restore(source: Path, force: bool, config: Path | None, **flags: Any) -> None:
    """Make a store of a backup.

    Stop the server first. The store gets a new epoch: devices notice when they come back, and fetch
    everything anew.
    """
    from unisono.server.app import maintenance

    settings = loaded(config, flags).settings
    with progress("restoring") as show:
        maintenance.restore(settings, source, show, force=force)
    click.echo(f"restored {settings.store_file} from {source}; devices will fetch everything anew")
