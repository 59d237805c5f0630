"""The command `unisono export`, which prints all that a server has of a user."""

from contextlib import aclosing
from typing import TYPE_CHECKING

import click

from unisono.client.cli.commands.help import Command, block, examples
from unisono.client.cli.commands.listing import PAGE
from unisono.client.cli.commands.options import common_options
from unisono.client.cli.formatting.json_output import json_line, to_json
from unisono.client.cli.service.access import Access

if TYPE_CHECKING:
    from unisono.client.cli.service.calls import CliClient


@click.command(
    cls=Command,
    epilog=block(
        "A JSON object for each line, with one of these names",
        "feed                  user_id, last_revision, unread_count; the first line",
        "endpoint              a device: as unisono devices --json has it",
        "notification          with content and state: as unisono list --json has it",
    )
    + "\n\n"
    + examples(
        "unisono export ada > ada.jsonl",
        "unisono export                                   with ada's own token",
        "unisono export ada | jq -r '.notification.title // empty'",
    ),
)
@click.argument("user", default="", metavar="[USER]")
@common_options
def export(access: Access, user: str) -> None:
    """Print all that the server has of a user, as lines of JSON, the newest notification first.

    USER is needed with an app's token, and left out with a user's own. Page by page: of what changes
    meanwhile, it has the state of when the page was read.
    """
    from unisono.client.cli.service.calls import call

    call(access, lambda service: _export(service, user))


async def _export(service: "CliClient", user: str) -> None:
    feed = await service.calls.get_feed(user, timeout=service.timeout)
    _say("feed", {"user_id": user, **to_json(feed)})
    for endpoint in await service.calls.list_endpoints(user, service.timeout):
        _say("endpoint", to_json(endpoint))
    rows = service.calls.list_notifications(user, {}, page_size=PAGE, timeout=service.timeout)
    async with aclosing(rows):
        async for row in rows:
            _say("notification", to_json(row))


def _say(name: str, value: object) -> None:
    click.echo(json_line({name: value}))
