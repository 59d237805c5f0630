"""The commands `unisono login` and `unisono logout`: a person signs in, and the others have a token."""

import os
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import click

from unisono.client.cli.commands.arguments import in_text
from unisono.client.cli.commands.connection import from_environment
from unisono.client.cli.commands.help import Command, examples
from unisono.client.cli.commands.options import json_option, target_option, timeout_option
from unisono.client.cli.failures import UsageFailure, warn
from unisono.client.cli.formatting.json_output import json_line
from unisono.client.cli.login.reporting import report_login_errors

if TYPE_CHECKING:
    from unisono.client.cli.login.login_file import LoginFile
    from unisono.client.cli.login.sign_in import SignIn

_ISSUER: Final = "https://login.example.com"


@click.command(
    cls=Command,
    epilog=examples(
        f"unisono login --issuer {_ISSUER} --client-id unisono",
        "unisono login --scope 'openid offline_access notifications.readwrite' ...",
        "unisono login                                    again, as the last time",
        "unisono listen                                   as who has signed in",
    ),
)
@from_environment("--issuer", default="", metavar="URL", help="the OpenID provider, as it names itself")
@from_environment(
    "--client-id", default="", metavar="ID", help="the public client that it knows this command by"
)
@from_environment(
    "--scope", default="", metavar="SCOPES", help="what to ask for [default: the provider decides]"
)
@from_environment(
    "--audience", default="", metavar="NAME", help="whom the tokens are for, as some providers need"
)
@from_environment("--resource", default="", metavar="URI", help="the same, as RFC 8707 has it")
@target_option
@timeout_option
@json_option
def login(target: str, timeout: timedelta, as_json: bool, **chosen: str) -> None:
    """Sign in with a browser, on this machine or any other, and stay signed in.

    The tokens are kept for this target, in a file that only you can read, and renewed when it is time. All
    other commands use them where they are given no other token. With --json: an object when there is a code
    to enter, and one when you are signed in.
    """
    from unisono.client.cli.login.login_file import LoginFile
    from unisono.client.cli.login.signing_in import sign_in

    chosen = {name: in_text(value) for name, value in chosen.items()}
    with report_login_errors():
        file = LoginFile(target)
        sign_in(file, _sign_in(file, chosen), timeout.total_seconds(), as_json=as_json)
    if os.environ.get("UNISONO_TOKEN") or os.environ.get("UNISONO_TOKEN_COMMAND"):
        warn(
            "the token that UNISONO_TOKEN or UNISONO_TOKEN_COMMAND names counts before this", as_json=as_json
        )


def _sign_in(file: "LoginFile", chosen: dict[str, str]) -> "SignIn":
    """Return what was chosen, and besides last time's. Raises `UsageFailure` where neither is enough."""
    from unisono.client.cli.login.sign_in import SignIn

    if not chosen["issuer"] and not chosen["client_id"] and file.exists:
        return replace(file.read().sign_in, **{name: text for name, text in chosen.items() if text})
    if not (chosen["issuer"] and chosen["client_id"]):
        raise UsageFailure(
            "say where to sign in, and as which client",
            f"such as --issuer {_ISSUER} --client-id unisono; whoever runs the server knows both",
        )
    return SignIn(**chosen)


@click.command(
    cls=Command,
    epilog=examples("unisono logout", "unisono logout --target notify.example.com:443"),
)
@target_option
@timeout_option
@json_option
def logout(target: str, timeout: timedelta, as_json: bool) -> None:
    """End what `unisono login` began: have the provider revoke the tokens, and forget them.

    An access token that was given out already is good until it expires, which the provider decides.
    """
    from unisono.client.cli.login.login_file import LoginFile
    from unisono.client.cli.login.signing_in import sign_out

    with report_login_errors():
        was = sign_out(LoginFile(target), timeout.total_seconds(), as_json=as_json)
    if as_json:
        click.echo(json_line({"target": target, "already_removed": not was}))
    else:
        click.echo("signed out" if was else "nobody was signed in")
