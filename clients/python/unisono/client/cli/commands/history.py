"""The command `unisono list`, which lists notifications."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

import click

from unisono.client._model import Notification, ReadState, UserActionState
from unisono.client.cli.commands.arguments import past_moment
from unisono.client.cli.commands.help import Command, block, examples
from unisono.client.cli.commands.listing import collect, page_size
from unisono.client.cli.commands.options import common_options, user_option
from unisono.client.cli.formatting.json_output import member_of, names_of
from unisono.client.cli.service.access import Access

if TYPE_CHECKING:
    from unisono.client._calls import Filter
    from unisono.client.cli.service.calls import CliClient


@click.command(
    "list",
    cls=Command,
    epilog=block(
        "The first column:",
        "● unread   ✓ read or opened   ✕ dismissed   z snoozed",
    )
    + "\n\n"
    + examples(
        "unisono list --unread",
        "unisono list --user ada --group ci --since 2h      with an app's token",
        "unisono list --limit 0 --json | jq -r .title",
        "unisono list --user ada --changed-after 57         with what was removed",
    ),
)
@click.option("--unread", is_flag=True, help="the same as --read-state unread")
@click.option("--read-state", type=click.Choice(names_of(ReadState)), help="only with this state")
@click.option("--action", type=click.Choice(names_of(UserActionState)), help="only with this state")
@click.option("--group", metavar="NAME", help="only of this group; '' is without a group")
@click.option("--category", metavar="NAME", help="only of this category; '' is without one")
@click.option("--since", callback=past_moment, metavar="WHEN", help="sent since: 2h, or 2030-01-31T08:00")
@click.option("--until", callback=past_moment, metavar="WHEN", help="sent before")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    metavar="N",
    help="at most this many; 0 is all",
)
@click.option(
    "--changed-after",
    type=click.IntRange(min=0),
    metavar="REVISION",
    help="what changed after it, in that order, with what was removed; 0 begins",
)
@user_option
@common_options
def history(
    access: Access,
    user: str,
    unread: bool,
    read_state: str | None,
    action: str | None,
    group: str | None,
    category: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    changed_after: int | None,
) -> None:
    """List the notifications of a user, newest first.

    What was read or dismissed stays listed until it expires, is deleted, or gives way in a full feed.
    """
    if unread:
        read_state = "unread"
    filter_ = _filter(read_state, action, group, category, since, until)
    if changed_after is not None:
        if filter_:
            raise click.UsageError("--changed-after lists all that changed: it goes with --limit only")
        from unisono.client.cli.commands.changes import list_changes

        list_changes(access, user, changed_after, limit)
        return
    from unisono.client.cli.commands.output import show
    from unisono.client.cli.formatting import tables
    from unisono.client.cli.service.calls import call

    found = call(access, lambda service: listed(service, user, filter_, limit))
    show(found[: limit or None], tables.notifications, as_json=access.as_json, none="there is nothing")
    if limit and len(found) > limit and not access.as_json:
        click.echo("there are more: --limit 0 lists all", err=True)


def _filter(
    read_state: str | None,
    action: str | None,
    group: str | None,
    category: str | None,
    since: datetime | None,
    until: datetime | None,
) -> "Filter":
    """Return the filter for the SDK, without what was not given."""
    filter_: Filter = {}
    if read_state:
        filter_["read_state"] = member_of(ReadState, read_state)
    if action:
        filter_["user_action_state"] = member_of(UserActionState, action)
    if group is not None:
        filter_["group_name"] = group
    if category is not None:
        filter_["category"] = category
    if since:
        filter_["start_time"] = since
    if until:
        filter_["end_time"] = until
    return filter_


async def listed(service: "CliClient", user: str, filter_: "Filter", limit: int) -> list[Notification]:
    """Return the notifications, newest first: `limit` of them and one more, if there is one; all with 0.

    Raises `UnisonoError`, and `Failure` when there are more than `MAX_LISTED`.
    """
    rows = service.calls.list_notifications(
        user, filter_, page_size=page_size(limit), timeout=service.timeout
    )
    return await collect(rows, limit, most=MAX_LISTED, part="--limit, --since, --until")


#: More than a feed can hold, whatever the operator chose: a list of more would have no end.
MAX_LISTED: Final = 1_000_000
