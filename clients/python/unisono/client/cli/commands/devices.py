"""The command `unisono devices`, which lists the devices of a user."""

import click

from unisono.client.cli.commands.help import Command, examples
from unisono.client.cli.commands.options import common_options, user_option
from unisono.client.cli.service.access import Access


@click.command(
    cls=Command,
    epilog=examples(
        "unisono devices",
        "unisono devices --user ada                       with an app's token",
        "unisono devices --json | jq 'select(.connected)'",
    ),
)
@user_option
@common_options
def devices(access: Access, user: str) -> None:
    """List the devices of a user.

    The last column is the revision up to which a device has said that it has everything.
    """
    from unisono.client.cli.commands.output import show
    from unisono.client.cli.formatting import tables
    from unisono.client.cli.service.calls import call

    found = call(access, lambda service: service.calls.list_endpoints(user, service.timeout))
    show(found, tables.endpoints, as_json=access.as_json, none="there are no devices")
