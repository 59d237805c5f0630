"""The command that lists the devices of a user."""

import click

from unisono.client.cli.access import Access
from unisono.client.cli.examples import examples
from unisono.client.cli.options import Command, common_options, user_option


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
    from unisono.client.cli import tables
    from unisono.client.cli.output import show
    from unisono.client.cli.service import call

    found = call(access, lambda service: service.calls.endpoints(user, service.timeout))
    show(found, tables.endpoints, as_json=access.as_json, none="there are no devices")
