"""The command-line options of a run, and --json."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from unisono.client.cli.commands.arguments import span
from unisono.client.cli.commands.connection import connection_options

Function = Callable[..., Any]

#: Limits of users, and of calls a second for each: enough for concurrent changes, too few to do harm.
MAX_USERS: Final = 10
MAX_RATE: Final = 100

_NEW_FILE: Final = click.Path(dir_okay=False, writable=True, path_type=Path)

json_option: Final = click.option(
    "--json",
    "as_json",
    is_flag=True,
    envvar="UNISONO_JSON",
    help="for programs: the report is an object, errors too",
)

_OPTIONS: Final = (
    click.option("--target", envvar="UNISONO_TARGET", metavar="HOST:PORT", help="where the server is"),
    connection_options(click.Option),
    click.option("--app-id", metavar="APP", help="run only if this is the app of --app-token"),
    click.option(
        "--app-token", envvar="UNISONO_APP_TOKEN", metavar="TOKEN", help="an access token of the app"
    ),
    click.option(
        "--app-token-command", metavar="COMMAND", help="a shell command that prints one, again when needed"
    ),
    click.option(
        "--user",
        "named",
        multiple=True,
        metavar="USER=TOKEN",
        help="a user, and an access token of that user; repeatable",
    ),
    click.option(
        "--users",
        "count",
        type=click.IntRange(1, MAX_USERS),
        metavar="N",
        help="so many users instead: unisono-verify-1 and so on",
    ),
    click.option(
        "--token-command",
        metavar="COMMAND",
        help="a shell command that prints a token of {user}; --user is without TOKEN then",
    ),
    click.option(
        "--for",
        "length",
        callback=span,
        default="60s",
        show_default=True,
        metavar="TIME",
        help="how long traffic flows",
    ),
    click.option(
        "--rate",
        type=click.IntRange(1, MAX_RATE),
        default=20,
        show_default=True,
        metavar="N",
        help="about so many calls a second for each user",
    ),
    click.option(
        "--no-faults",
        "faults",
        is_flag=True,
        flag_value=False,
        default=True,
        help="cut nothing, lose nothing",
    ),
    click.option("--seed", type=int, metavar="N", help="of an earlier run: the same chances again"),
    click.option("--save", type=_NEW_FILE, metavar="FILE", help="keep what was recorded, to be judged again"),
    json_option,
)


def run_options(function: Function) -> Function:
    """Add the options of a run to a command, in the order in which --help lists them."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
