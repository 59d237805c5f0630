"""The command `unisono mark`, which changes the state of notifications."""

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from unisono.client._model import ReadState, UserActionState
from unisono.client._results import MarkResult
from unisono.client.cli.commands.arguments import key_option, selector, span
from unisono.client.cli.commands.help import Command, examples
from unisono.client.cli.commands.options import common_options, endpoint_option, user_option
from unisono.client.cli.formatting import json_output
from unisono.client.cli.formatting.texts import one_line
from unisono.client.cli.service.access import Access

if TYPE_CHECKING:
    from unisono.client._selections import State


@click.command(
    cls=Command,
    epilog=examples(
        "unisono mark 0199c0de-0000-7000-8000-000000000001 --read",
        "unisono mark --all --read                            all that is meant for this device",
        "unisono mark 0199c0de-0000-7000-8000-000000000001 --activate --action-id reply",
        "unisono mark --group ci --dismiss --up-to-revision 812",
        "unisono mark --user ada --key order-17 --read        with an app's token",
    ),
)
@click.argument("ids", nargs=-1, metavar="[ID]...")
@key_option
@click.option("--group", metavar="NAME", help="all of this group")
@click.option("--all", "everything", is_flag=True, help="all; as a device, all that is meant for it")
@click.option("--read/--unread", default=None, help="read, or not; independent of the next")
@click.option("--dismiss", "action", flag_value="dismissed", help="put away; it stays in the history")
@click.option("--activate", "action", flag_value="activated", help="opened")
@click.option(
    "--action-id",
    default="",
    metavar="ID",
    help="which action was chosen; with --activate, the first one stays",
)
@click.option("--restore", "action", flag_value="no_interaction", help="undo one of these")
@click.option("--snooze", callback=span, metavar="TIME", help="put off: it rings again after this time")
@click.option(
    "--up-to-revision", type=click.IntRange(min=0), metavar="N", help="leave alone what rang or changed later"
)
@user_option
@endpoint_option
@common_options
def mark(
    access: Access,
    ids: tuple[str, ...],
    keys: tuple[str, ...],
    group: str | None,
    everything: bool,
    user: str,
    endpoint: str,
    read: bool | None,
    action: str | None,
    action_id: str,
    snooze: timedelta | None,
    up_to_revision: int | None,
) -> None:
    """Mark notifications on every device at once."""
    state = _state(read, action, action_id, snooze, up_to_revision)
    selected = selector(ids, keys, group, everything)
    from unisono.client.cli.service.calls import Actor, call

    actor = Actor(user=user, endpoint=endpoint)
    _say(access, call(access, lambda service: service.mark(actor, selected, state)))


def _state(
    read: bool | None,
    action: str | None,
    action_id: str,
    snooze: timedelta | None,
    up_to_revision: int | None,
) -> "State":
    """Return the new state for the SDK, without what was not given."""
    _check(read, action, action_id, snooze)
    state: State = {}
    if read is not None:
        state["read_state"] = ReadState.READ if read else ReadState.UNREAD
    if action:
        state["user_action_state"] = UserActionState[action.upper()]
    if action_id:
        state["action_id"] = action_id
    if snooze:
        state["user_action_state"] = UserActionState.SNOOZED
        state["snooze_for"] = snooze
    if up_to_revision is not None:
        state["up_to_revision"] = up_to_revision
    return state


def _check(read: bool | None, action: str | None, action_id: str, snooze: timedelta | None) -> None:
    """Raise `UsageError` for options that do not go together."""
    if action and snooze:
        raise click.UsageError("--snooze excludes --dismiss, --activate and --restore")
    if action_id and action != "activated":
        raise click.UsageError("--action-id goes with --activate")
    if read is None and not action and not snooze:
        raise click.UsageError("say how: --read, --unread, --dismiss, --activate, --restore or --snooze")


def _say(access: Access, result: MarkResult) -> None:
    if access.as_json:
        click.echo(json_output.json_line(json_output.to_json(result)))
        return
    left = f", {result.skipped} left alone" if result.skipped else ""
    click.echo(f"{result.changed} changed{left}; {result.unread_count} unread")
    for named in result.not_found:
        click.echo(f"not found: {one_line(named)}", err=True)
