"""The command `unisono erase`, which forgets a user."""

import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from unisono.client.cli.commands.arguments import span
from unisono.client.cli.commands.help import Command, examples
from unisono.client.cli.commands.options import common_options
from unisono.client.cli.failures import Failure, UsageFailure
from unisono.client.cli.formatting import json_output
from unisono.client.cli.formatting.texts import one_line
from unisono.client.cli.service.access import Access

if TYPE_CHECKING:
    from unisono.client.cli.service.calls import CliClient


def _bar(ctx: click.Context, param: click.Parameter, text: str) -> timedelta | None:
    """Return how long to bar; None for 0. A callback of click."""
    return None if text == "0" else span(ctx, param, text)


@click.command(
    cls=Command,
    epilog=examples(
        "unisono export ada > ada.jsonl && unisono erase ada",
        "unisono erase ada --bar 30d --yes                in a script",
        "unisono erase ada --bar 0                        may begin anew at once",
    ),
)
@click.argument("user")
@click.option(
    "--bar",
    callback=_bar,
    default="1h",
    show_default=True,
    metavar="TIME",
    help="refuse whatever is asked about the user for so long, at most 30d; 0: not at all",
)
@click.option("--yes", "-y", is_flag=True, help="do not ask")
@common_options
def erase(access: Access, user: str, bar: timedelta | None, yes: bool) -> None:
    """Forget a user: every notification and device, on all devices and on the server's disk.

    The token of the app needs the scope feeds.delete. Nothing brings back what is erased, but a backup of
    the server that was made before. While the user is barred, backends and devices that do not know of it
    yet are refused, so that they do not begin anew. Repeating it is fine.
    """
    from unisono.client.cli.service.calls import call

    if not yes:
        if not sys.stdin.isatty():
            raise UsageFailure("erase forgets a user for good", "--yes says that this is meant")
        _confirm(user, call(access, lambda service: _found(service, user)))
    erased = call(
        access, lambda service: service.calls.delete_feed(user, bar_for=bar, timeout=service.timeout)
    )
    if access.as_json:
        click.echo(json_output.json_line({"user_id": user, "already_removed": not erased}))
    else:
        click.echo("erased" if erased else "there was nothing")


async def _found(service: "CliClient", user: str) -> str:
    """Return in words what there is of a user."""
    from unisono.client._errors import FeedBarred

    try:
        endpoints = await service.calls.list_endpoints(user, service.timeout)
        feed = await service.calls.get_feed(user, timeout=service.timeout)
    except FeedBarred:
        return "whatever there may be"
    devices = f"{len(endpoints)} device{'' if len(endpoints) == 1 else 's'}"
    return f"{devices}, {feed.unread_count} unread, and all that was read"


def _confirm(user: str, found: str) -> None:
    """Ask whether to erase what was found. Raises `Failure` unless somebody says yes."""
    if not click.confirm(f"Forget {one_line(user)} for good ({found})?", err=True):
        raise Failure("nothing was erased")
