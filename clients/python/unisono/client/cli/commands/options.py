"""The options that commands share."""

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import click
from click.core import ParameterSource

from unisono.client._model import Platform
from unisono.client._wire.address import ConnectionOptions
from unisono.client.cli.commands.arguments import in_text, span
from unisono.client.cli.commands.connection import connection_options, from_environment
from unisono.client.cli.commands.help import CommonOption
from unisono.client.cli.formatting.json_output import names_of
from unisono.client.cli.service import this_device
from unisono.client.cli.service.access import Access

Function = Callable[..., Any]


_common = functools.partial(from_environment, cls=CommonOption)

target_option = _common(
    "--target",
    default="127.0.0.1:50051",
    show_default=True,
    metavar="HOST:PORT",
    help="where the server is",
)

timeout_option = _common(
    "--timeout",
    callback=span,
    default="10s",
    show_default=True,
    metavar="TIME",
    help="how long a call may take, with all repetitions",
)

json_option = _common("--json", "as_json", is_flag=True, help="for programs: an object per line, errors too")

_OPTIONS: Final = (
    target_option,
    _common("--token", default="", metavar="TOKEN", help="the access token of an app or a user"),
    _common(
        "--token-command",
        default="",
        metavar="COMMAND",
        help="a shell command that prints an access token; run again when that expires",
    ),
    connection_options(CommonOption),
    timeout_option,
    json_option,
)

user_option = click.option(
    "--user",
    "-u",
    default="",
    metavar="USER",
    help="the user; needed with an app's token, and left out with a user's own",
)

endpoint_option = click.option(
    "--endpoint",
    default=this_device.endpoint_id,
    metavar="ID",
    help="which of the user's devices this is [default: this machine and terminal]",
)

platform_option = click.option(
    "--platform",
    type=click.Choice(names_of(Platform), case_sensitive=False),
    default=this_device.platform,
    help="what kind of device this is [default: this machine's]",
)


def common_options(command: Function) -> Function:
    """Give a command the common options: it gets them as its first argument, an `Access`.

    The command raises `UsageFailure` when there is no usable token, or an argument is not UTF-8.
    """

    @functools.wraps(command)
    def with_access(
        *, token: str, token_command: str, connection: ConnectionOptions, timeout: timedelta, **rest: Any
    ) -> Any:
        rest = {name: in_text(value) for name, value in rest.items()}
        if token and token_command:
            token, token_command = _preferred(token, token_command)
        access = Access(
            token=token.strip(),
            token_command=token_command,
            connection=connection,
            timeout=timeout.total_seconds(),
            # Only apps name users. With --me, what stands in the place of the user is the title.
            app=bool(rest.get("user")) and not rest.get("me"),
            **{name: rest.pop(name) for name in ("target", "as_json")},
        )
        access.check()
        return command(access, **rest)

    with_options: Function = with_access
    for option in reversed(_OPTIONS):
        with_options = option(with_options)
    return with_options


def _preferred(token: str, token_command: str) -> tuple[str, str]:
    """Return which of both to use, the other empty: what was typed before what is in the environment.

    Where that does not decide, the command.
    """
    source = click.get_current_context().get_parameter_source
    typed = source("token") is ParameterSource.COMMANDLINE
    if typed and source("token_command") is not ParameterSource.COMMANDLINE:
        return token, ""
    return "", token_command
