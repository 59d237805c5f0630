"""The command `unisono-server backup`, which copies a store: by hand, or again and again."""

import sys
from pathlib import Path
from typing import Any

import click

from unisono.server.cli.examples import examples
from unisono.server.cli.options import loaded, store_setting
from unisono.server.cli.progress import progress


@click.command(
    epilog=examples(
        "unisono-server backup --store sqlite:///unisono.db --to unisono-backup.db",
        "unisono-server backup --config unisono.toml --to /mnt/backup/unisono.db --replace",
        "",
        "each night, for cron; the newest seven stay:",
        "15 2 * * * unisono-server backup --config /etc/unisono/unisono.toml --to /mnt/backup/ --keep 7",
    )
)
@click.option(
    "--to",
    "target",
    required=True,
    metavar="FILE|FOLDER/",
    help="a new file; or a folder, which has to be there, for one named by the time",
)
@click.option("--replace", is_flag=True, help="take the place of a backup of this name, at once")
@click.option(
    "--keep",
    type=click.IntRange(1),
    metavar="N",
    help="of the copies in the folder, delete all but the newest N",
)
@store_setting
def backup(target: str, replace: bool, keep: int | None, config: Path | None, **flags: Any) -> None:
    """Copy the store, which a server may use meanwhile, as it is at one moment.

    In a folder, the copy of unisono.db is called like unisono-2026-11-30T021500Z.db, in UTC. What is replaced
    or deleted goes when the new copy is whole and on the disk, and only if it is a backup itself: until then
    there has to be room for one more. Without a terminal, success is silent.

    Exit status: 0 there is a new backup, 2 wrong arguments or settings, 1 anything else.
    """
    folder = target.endswith("/") or Path(target).is_dir()
    if keep is not None and not folder:
        raise click.UsageError("--keep is for a folder, which --to names with a / at its end")
    if replace and folder:
        raise click.UsageError("--replace is for a file: in a folder each copy has a name of its own")
    from unisono.server.app import maintenance

    settings = loaded(config, flags).settings
    with progress("backing up") as show:
        if folder:
            made = maintenance.backup_into(settings, Path(target), show, keep=keep)
        else:
            made = maintenance.backup(settings, Path(target), show, replace=replace)
    if sys.stdout.isatty():
        click.echo(f"backed up {settings.store_file} to {made}")
