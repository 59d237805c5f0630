"""The command `unisono delete`, which withdraws notifications."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from unisono.client.cli.commands.arguments import key_option, references
from unisono.client.cli.commands.help import Command, examples
from unisono.client.cli.commands.options import common_options, endpoint_option, user_option
from unisono.client.cli.failures import Failure, say
from unisono.client.cli.formatting import json_output
from unisono.client.cli.formatting.texts import one_line
from unisono.client.cli.service.access import Access

if TYPE_CHECKING:
    from unisono.client._model import DeleteResult
    from unisono.client._refs import Ref
    from unisono.client.cli.service.calls import Actor, CliClient


@click.command(
    cls=Command,
    epilog=examples(
        "unisono delete 0199c0de-0000-7000-8000-000000000001",
        "unisono delete --user ada --key order-17 --key order-18      with an app's token",
    ),
)
@click.argument("ids", nargs=-1, metavar="[ID]...")
@key_option
@user_option
@endpoint_option
@common_options
def delete(access: Access, ids: tuple[str, ...], keys: tuple[str, ...], user: str, endpoint: str) -> None:
    """Withdraw notifications from every device and from the history.

    Where one cannot be withdrawn, the others are, and the exit status is 1.
    """
    named = references(ids, keys)
    if not named:
        raise click.UsageError("say which: IDs or --key")
    from unisono.client.cli.service.calls import Actor, call

    actor = Actor(user=user, endpoint=endpoint)
    if not call(access, lambda service: _each(service, access, actor, named)):
        click.get_current_context().exit(1)


async def _each(service: "CliClient", access: Access, actor: "Actor", named: "Sequence[Ref]") -> bool:
    """Delete one after the other, printing each result at once; return whether all are gone."""
    from unisono.client._errors import UnisonoError
    from unisono.client.cli.service.errors import attempt, concerns_all, failure

    alone, well = len(named) == 1, True
    for ref in named:
        field, name = _name(ref)
        try:
            result = await service.delete(actor, ref)
        except UnisonoError as error:
            if alone or concerns_all(error):
                raise
            of = failure(error, attempt(access))
            failed = Failure(f"{one_line(name)}: {of.message}", of.hint, {**of.details, field: name})
            say(failed, as_json=access.as_json)
            well = False
        else:
            if access.as_json:
                click.echo(json_output.json_line({field: name, **json_output.to_json(result)}))
            else:
                click.echo(_words(result) if alone else f"{one_line(name)}: {_words(result)}")
    return well


def _name(ref: "Ref") -> tuple[str, str]:
    """Return the field of the proto that names a notification, and its value."""
    return ("id", ref) if isinstance(ref, str) else ("app_notification_id", ref.app_notification_id)


def _words(result: "DeleteResult") -> str:
    return "it was gone already" if result.already_removed else "deleted"
