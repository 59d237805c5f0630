"""The command `unisono-server migrate`, which brings a store to the version of this server."""

import sys
from pathlib import Path
from typing import Any, Final

import click

from unisono.server.cli.examples import examples
from unisono.server.cli.options import loaded, store_setting
from unisono.server.config import Settings

SOMETHING_TO_DO: Final = 3
"""The exit status of `--check` where a migration would do something."""


@click.command(
    epilog=examples(
        "unisono-server migrate --store sqlite:///unisono.db",
        "unisono-server migrate --config unisono.toml --check",
        "unisono-server migrate --config unisono.toml --check > /dev/null || echo to be migrated",
    )
)
@click.option("--check", is_flag=True, help="only say what would be done, and about how long that takes")
@store_setting
def migrate(check: bool, config: Path | None, **flags: Any) -> None:
    """Bring the store to the version of this server.

    Stop the server first, and make a backup. A server does this by itself at its start where it takes a few
    seconds. What is cut off goes on when it is run again. With --check nothing is changed, and a server may
    run: it says which version the store has, which servers may use it before and after, and each step.

    A file of a server that did not overwrite what it deleted is made anew, once: nothing of that is left
    then. It needs as much free space as the file has, beside it.

    Where there is no store yet, one is made.

    Exit status: 0 it is done, or with --check nothing is to be done; 3 with --check: something is; 2 wrong
    arguments or settings, 1 anything else.
    """
    settings = loaded(config, flags).settings
    if check:
        sys.exit(_check(settings))
    _migrate(settings)


def _check(settings: Settings) -> int:
    from unisono.server.app import maintenance

    plan = maintenance.plan_migration(settings)
    click.echo(f"{settings.store_file} has {_usable(plan.version, plan.compatible_from)}")
    if not plan.steps:
        click.echo("nothing is to be done")
        return 0
    for step in plan.steps:
        click.echo(f"to be made: {_step(*step)}")
    if plan.version_after != plan.version:
        click.echo(f"then it has {_usable(plan.version_after, plan.compatible_from_after)}")
    click.echo("nothing was changed")
    return SOMETHING_TO_DO


def _migrate(settings: Settings) -> None:
    from unisono.server.app import maintenance

    before, now = maintenance.migrate(settings, _say)
    file = settings.store_file
    if before == now:
        click.echo(f"{file} has version {now} already")
    else:
        click.echo(f"{file}: version {before} became {now}")


def _usable(version: int, compatible_from: int) -> str:
    return f"version {version}; servers from version {compatible_from} on may use it"


def _say(what: str, seconds: float) -> None:
    click.echo(f"making {_step(what, seconds)}", err=True)


def _step(what: str, seconds: float) -> str:
    return f"{what}, which may take {seconds:.0f} s" if seconds >= 1 else what
