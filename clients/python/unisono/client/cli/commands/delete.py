"""The command `unisono delete`, which withdraws notifications."""

import sys
from typing import TYPE_CHECKING

import click

from unisono.client._model import ReadState, UserActionState
from unisono.client._results import DeleteManyResult, DeleteResult
from unisono.client.cli.commands.arguments import key_option, references, selector
from unisono.client.cli.commands.help import Command, examples
from unisono.client.cli.commands.options import common_options, endpoint_option, user_option
from unisono.client.cli.failures import Failure, UsageFailure
from unisono.client.cli.formatting import json_output
from unisono.client.cli.formatting.texts import one_line
from unisono.client.cli.service.access import Access

if TYPE_CHECKING:
    from unisono.client._refs import Ref


@click.command(
    cls=Command,
    epilog=examples(
        "unisono delete 0199c0de-0000-7000-8000-000000000001",
        "unisono delete --user ada --key order-17 --key order-18      with an app's token",
        "unisono delete --group ci --dismissed",
        "unisono delete --all --read                           all that is meant for this device",
    ),
)
@click.argument("ids", nargs=-1, metavar="[ID]...")
@key_option
@click.option("--group", metavar="NAME", help="all of this group")
@click.option("--all", "everything", is_flag=True, help="all; as a device, all that is meant for it")
@click.option("--read/--unread", default=None, help="of these only what is read, or is not")
@click.option("--dismissed", "action", flag_value="dismissed", help="of these only what was dismissed")
@click.option("--activated", "action", flag_value="activated", help="of these only what was opened")
@click.option("--snoozed", "action", flag_value="snoozed", help="of these only what is put off")
@click.option(
    "--up-to-revision", type=click.IntRange(min=0), metavar="N", help="leave alone what rang or changed later"
)
@click.option("--yes", "-y", is_flag=True, help="do not ask before --all deletes whatever there is")
@user_option
@endpoint_option
@common_options
def delete(
    access: Access,
    ids: tuple[str, ...],
    keys: tuple[str, ...],
    group: str | None,
    everything: bool,
    read: bool | None,
    action: str | None,
    up_to_revision: int | None,
    yes: bool,
    user: str,
    endpoint: str,
) -> None:
    """Withdraw notifications from every device and from the history.

    Where one that is named cannot be found, the others are withdrawn, and the exit status is 1.
    """
    selected = selector(ids, keys, group, everything)
    read_state = ReadState.UNSPECIFIED if read is None else ReadState.READ if read else ReadState.UNREAD
    action_state = UserActionState[(action or "unspecified").upper()]
    narrowed = bool(read_state or action_state)
    if everything and not narrowed and not yes:
        _confirm(user)
    from unisono.client.cli.service.calls import Actor, call

    actor, named = Actor(user=user, endpoint=endpoint), references(ids, keys)
    if len(named) == 1 and up_to_revision is None and not narrowed:
        _say_one(access, named[0], call(access, lambda service: service.delete(actor, named[0])))
        return
    result = call(
        access,
        lambda service: service.delete_many(
            actor,
            selected,
            read_state=read_state,
            user_action_state=action_state,
            up_to_revision=up_to_revision,
        ),
    )
    _say(access, result)


def _confirm(user: str) -> None:
    """Ask whether to delete everything. Raises `Failure` unless somebody says yes."""
    if not sys.stdin.isatty():
        raise UsageFailure("--all deletes whatever there is", "--yes says that this is meant")
    whose = f"of {one_line(user)}" if user else "that is meant for this device"
    if not click.confirm(f"Delete everything {whose}, on every device?", err=True):
        raise Failure("nothing was deleted")


def _say_one(access: Access, ref: "Ref", result: DeleteResult) -> None:
    if access.as_json:
        field, name = (
            ("id", ref) if isinstance(ref, str) else ("app_notification_id", ref.app_notification_id)
        )
        click.echo(json_output.json_line({field: name, **json_output.to_json(result)}))
        return
    click.echo("it was gone already" if result.already_removed else "deleted")


def _say(access: Access, result: DeleteManyResult) -> None:
    if access.as_json:
        click.echo(json_output.json_line(json_output.to_json(result)))
    else:
        click.echo(_words(result))
        for named in result.not_found:
            click.echo(f"not found: {one_line(named)}", err=True)
    if result.not_found:
        click.get_current_context().exit(1)


def _words(result: DeleteManyResult) -> str:
    gone = result.already_removed
    already = f", {gone} {'was' if gone == 1 else 'were'} gone already" if gone else ""
    left = f", {result.skipped} left alone" if result.skipped else ""
    return f"{result.removed} deleted{already}{left}; {result.unread_count} unread"
