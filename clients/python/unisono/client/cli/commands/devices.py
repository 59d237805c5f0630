"""The command `unisono devices`, which lists the devices of a user, and deletes one that was lost."""

import click

from unisono.client.cli.commands.help import Command, examples
from unisono.client.cli.commands.options import common_options, user_option
from unisono.client.cli.failures import UsageFailure
from unisono.client.cli.formatting import json_output
from unisono.client.cli.service.access import Access


@click.command(
    cls=Command,
    epilog=examples(
        "unisono devices",
        "unisono devices --user ada                       with an app's token",
        "unisono devices --json | jq 'select(.connected)'",
        "unisono devices --user ada --delete phone-2      one that was lost",
    ),
)
@click.option("--delete", "lost", metavar="ID", help="delete this device instead: its stream ends at once")
@click.option("--may-return", is_flag=True, help="with --delete: its id may be registered anew at once")
@user_option
@common_options
def devices(access: Access, lost: str | None, may_return: bool, user: str) -> None:
    """List the devices of a user, or delete one.

    The last column is the revision up to which a device has said that it has everything. The id of a device
    that was deleted cannot be registered again for 30 days, unless it may return.
    """
    if lost is not None:
        _delete(access, user, lost, may_return)
        return
    if may_return:
        raise UsageFailure("--may-return says how to delete", "--delete ID names the device")
    from unisono.client.cli.commands.output import show
    from unisono.client.cli.formatting import tables
    from unisono.client.cli.service.calls import call

    found = call(access, lambda service: service.calls.list_endpoints(user, service.timeout))
    show(found, tables.endpoints, as_json=access.as_json, none="there are no devices")


def _delete(access: Access, user: str, endpoint_id: str, may_return: bool) -> None:
    from unisono.client.cli.service.calls import call

    deleted = call(
        access,
        lambda service: service.calls.delete_endpoint(
            user, endpoint_id, may_return=may_return, timeout=service.timeout
        ),
    )
    if access.as_json:
        click.echo(json_output.json_line({"endpoint_id": endpoint_id, "already_removed": not deleted}))
    else:
        click.echo("deleted" if deleted else "it was deleted already")
