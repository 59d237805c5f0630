"""The command `unisono show`, which prints one notification with all that is in it."""

import click

from unisono.client.cli.commands.help import Command, examples
from unisono.client.cli.commands.options import common_options, user_option
from unisono.client.cli.service.access import Access


@click.command(
    cls=Command,
    epilog=examples(
        "unisono show 0199c0de-0000-7000-8000-000000000001",
        "unisono show --user ada --key order-17                  with an app's token",
        "unisono show --user ada --key order-17 --json | jq .read_state",
    ),
)
@click.argument("id_", metavar="[ID]", default="")
@click.option("--key", metavar="KEY", default="", help="by the sender's key instead of the id")
@user_option
@common_options
def show(access: Access, id_: str, key: str, user: str) -> None:
    """Show one notification: its content, its state, whom it is meant for, and when what happened to it."""
    if bool(id_) == bool(key):
        raise click.UsageError("say which: its ID, or --key")
    from unisono.client._refs import Key
    from unisono.client.cli.commands.output import show as printed
    from unisono.client.cli.formatting.card import card
    from unisono.client.cli.service.calls import call

    named = Key(key) if key else id_
    found = call(access, lambda service: service.calls.get_notification(user, named, service.timeout))
    printed((found,), lambda rows, now, _: card(rows[0], now), as_json=access.as_json, none="")
