"""The command `unisono-server rename-users`, which puts a prefix before the ids of the users of an app."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from unisono.server.cli.examples import examples
from unisono.server.cli.options import loaded, store_setting
from unisono.server.cli.progress import progress
from unisono.server.cli.rename_text import conflicts, done, would_do
from unisono.server.store.renaming import Rename


def _app_id(ctx: click.Context, param: click.Parameter, app_id: str) -> str:
    if not app_id.isascii():
        raise click.BadParameter("must be shaped like a host name, such as mail.contoso.com", ctx, param)
    return app_id


def _prefix(ctx: click.Context, param: click.Parameter, prefix: str) -> str:
    from unisono.server.core.access.claims import checked_user_id
    from unisono.server.errors import Unauthenticated

    if not prefix:
        raise click.BadParameter("must not be empty", ctx, param)
    try:
        return checked_user_id(prefix)
    except Unauthenticated as error:
        raise click.BadParameter("must be a part of a user's id: " + error.message, ctx, param) from error


@click.command(
    "rename-users",
    epilog=examples(
        "unisono-server rename-users --app mail.contoso.com --prefix entra:",
        "unisono-server rename-users --app mail.contoso.com --prefix entra: --yes",
    ),
)
@click.option(
    "--app", required=True, callback=_app_id, metavar="APP_ID", help="the app whose users get new ids"
)
@click.option(
    "--prefix", required=True, callback=_prefix, metavar="TEXT", help="what is put before each id: entra:"
)
@click.option("--yes", is_flag=True, help="do it; without, it is only said what would be done")
@click.option(
    "--keep-prefixed", is_flag=True, help="leave users as they are whose ids begin with the prefix already"
)
@store_setting
def rename_users(
    app: str, prefix: str, yes: bool, keep_prefixed: bool, config: Path | None, **flags: Any
) -> None:
    """Give all users of an app new ids: a prefix, and the id that they have.

    It goes with the user_prefix of an issuer. Without --yes nothing is changed, and a server may run. With
    it, stop the server first, make a backup, and give the issuer its user_prefix before you start it again.
    What is stored of a user stays the user's. Devices start anew by themselves, and keep what they marked.

    Nothing is renamed where one new id would be too long, or is another user's already. What is cut off
    goes on when it is run again; until then no server starts on the store.
    """
    from unisono.server.app import maintenance

    settings = loaded(config, flags).settings
    rename = Rename(app, prefix)
    if yes:
        with progress("renaming") as show, _interruptible(show) as counted:
            plan = maintenance.rename_users(settings, rename, counted, keep_prefixed=keep_prefixed)
    else:
        plan = maintenance.plan_rename(settings, rename)
    if not plan.possible(keep_prefixed=keep_prefixed):
        limit = maintenance.user_id_bytes(settings)
        raise click.ClickException(conflicts(rename, plan, limit, keep_prefixed=keep_prefixed))
    click.echo((done if yes else would_do)(str(settings.store_file), rename, plan))


_STOPPED: Final = (
    "stopped when {done:,} of {total:,} users, or a few more, had their new ids. Run the same command "
    "again to go on; no server starts on the store before."
)


@contextmanager
def _interruptible(show: Callable[[int, int], None]) -> Iterator[Callable[[int, int], None]]:
    """Yield `show`, and say how to go on where Ctrl-C ends the block after it was called."""
    last: tuple[int, int] | None = None

    def counted(done: int, total: int) -> None:
        nonlocal last
        last = done, total
        show(done, total)

    try:
        yield counted
    except KeyboardInterrupt:
        if last is None:
            raise
        raise click.ClickException(_STOPPED.format(done=last[0], total=last[1])) from None
