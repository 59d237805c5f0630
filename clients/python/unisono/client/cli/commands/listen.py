"""The command `unisono listen`, which is a device: a live inbox in a terminal, or lines."""

from pathlib import Path
from typing import Final

import click

from unisono.client._model import Platform
from unisono.client.cli.commands.help import Command, block, examples
from unisono.client.cli.commands.options import common_options, platform_option
from unisono.client.cli.formatting.json_output import member_of
from unisono.client.cli.service.access import Access

_PLAIN: Final = block(
    "Without a terminal, or with --plain: first what is there, then what happens, a line each",
    "  ● title             what is there; unisono list --help explains the marks",
    "♪ + title             ♪ it rings; + it was sent, ~ its content changed",
    "  = title: read       its state changed",
    "  - title             it was deleted or has expired",
)

_JSON: Final = block(
    'With --json: objects, told apart by "event"',
    "held                  there already: notification",
    "created, updated, state_changed, deleted, expired, gone",
    "                      notification, ring, removed, revision, unread_count, origin_endpoint_id;",
    "                      gone: no longer there, found when the device had to start anew",
    "status                status (live, offline), error, revision, unread_count",
)

_EXAMPLES: Final = examples(
    "unisono listen",
    "unisono listen --plain --no-bell",
    "unisono listen --storage ~/.local/share/unisono.db --token-command 'my-login --print-token'",
    "unisono listen --json | jq -r 'select(.ring) | .notification.title'",
)


@click.command(
    cls=Command,
    epilog="\n\n".join((_PLAIN, _JSON, _EXAMPLES)),
)
@click.option(
    "--endpoint",
    metavar="ID",
    help="which of the user's devices this is [default: that of --storage, or this machine and terminal]",
)
@click.option("--name", default="", metavar="TEXT", help="for people to recognise this device")
@platform_option
@click.option(
    "--storage",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="keep the inbox and its position here: the next start rings only for what is new",
)
@click.option("--ephemeral", is_flag=True, help="let the service forget this device once it has gone")
@click.option("--plain", is_flag=True, help="lines instead of the inbox, also in a terminal")
@click.option(
    "--no-bell",
    "bell",
    is_flag=True,
    flag_value=False,
    default=True,
    help="do not sound the bell of the terminal",
)
@common_options
def listen(
    access: Access,
    endpoint: str | None,
    name: str,
    platform: str,
    storage: Path | None,
    ephemeral: bool,
    plain: bool,
    bell: bool,
) -> None:
    """Be a device of the token's user, until Ctrl-C.

    In a terminal this is an inbox: ? shows its keys. What is read or dismissed here is read and
    dismissed on every device of the user, and the other way round.
    """
    from unisono.client.cli.listen.device import Listening
    from unisono.client.cli.service.errors import report_errors

    listening = Listening(
        access=access,
        endpoint_id=endpoint,
        display_name=name,
        platform=member_of(Platform, platform),
        storage=storage,
        ephemeral=ephemeral,
        plain=plain,
        bell=bell,
    )
    with report_errors(access):
        listening.run()
