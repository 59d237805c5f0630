"""The command that withdraws a notification."""

import click

from unisono.client.cli.commands.arguments import key_option, references
from unisono.client.cli.commands.help import Command, examples
from unisono.client.cli.commands.options import common_options, endpoint_option, user_option
from unisono.client.cli.service.access import Access
from unisono.client.cli.words import shapes


@click.command(
    cls=Command,
    epilog=examples(
        "unisono delete 0199c0de-0000-7000-8000-000000000001",
        "unisono delete --user ada --key order-17      with an app's token",
    ),
)
@click.argument("ids", nargs=-1, metavar="[ID]")
@key_option
@user_option
@endpoint_option
@common_options
def delete(access: Access, ids: tuple[str, ...], keys: tuple[str, ...], user: str, endpoint: str) -> None:
    """Withdraw one from every device and from the history."""
    named = references(ids, keys)
    if len(named) != 1:
        raise click.UsageError("name one notification: its ID or its --key")
    from unisono.client.cli.service.calls import Actor, call

    actor = Actor(user=user, endpoint=endpoint)
    result = call(access, lambda service: service.delete(actor, named[0]))
    if access.as_json:
        click.echo(shapes.line(shapes.shape(result)))
    else:
        click.echo("it was gone already" if result.already_removed else "deleted")
