"""The command `unisono-server hook`, which makes hooks."""

import json
from pathlib import Path
from typing import Any

import click

from unisono.server.cli.examples import examples
from unisono.server.cli.options import access_settings, loaded
from unisono.server.config import Settings


@click.group(
    epilog=examples("unisono-server hook new --app demo --user ada --source github    GitHub tells ada")
)
def hook() -> None:
    """Let senders in that have no access token, such as GitHub or Grafana."""


@hook.command(
    epilog=examples(
        "unisono-server hook new --app demo --user ada --source json",
        "unisono-server hook new --config unisono.toml --app mail.contoso.com --user ada --source github",
        "unisono-server hook new --app demo --user ada --source grafana --secret-file grafana.secret",
    )
)
@click.option("--app", required=True, metavar="APP_ID", help="the app that it sends for")
@click.option("--user", required=True, metavar="USER_ID", help="the user that it sends to, and no other")
@click.option(
    "--source",
    required=True,
    type=click.Choice(["github", "grafana", "alertmanager", "json"]),
    help="who sends; json is anybody who sends a JSON object",
)
@click.option(
    "--secret-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="write the secret to this new file, as senders that sign need it, and github always "
    "[default for github: hook-ID.secret]",
)
@click.option("--json", "as_json", is_flag=True, help="for programs: an object")
@access_settings
def new(
    app: str,
    user: str,
    source: str,
    secret_file: Path | None,
    as_json: bool,
    config: Path | None,
    **flags: Any,
) -> None:
    """Print the lines of a new hook for the configuration, its address and its secret.

    The secret is shown this once: the server knows it by its hash, or reads it from the --secret-file, which
    the user of the server has to be able to read, and others not.

    The server takes the lines when it starts, and at a SIGHUP. With --config, the app has to be declared
    there.
    """
    from unisono.server.app.new_hook import NewHook

    settings = loaded(config, flags).settings
    _check(settings, app, user)
    made = NewHook.make(app, user, source, secret_file)
    made.write_secret()
    address = made.address(settings)
    if as_json:
        click.echo(json.dumps({"config": made.lines, "address": address, "secret": made.secret}, indent=2))
        return
    click.echo(f"{made.lines}\n")
    click.echo(f"Address: {address}  (by the name that clients know the server by)")
    click.echo(f"Secret:  {made.secret}  (shown this once)")


def _check(settings: Settings, app: str, user: str) -> None:
    from unisono.server.app.trust import declared_apps
    from unisono.server.core.access.claims import checked_user_id
    from unisono.server.errors import Unauthenticated

    declared = [known.app_id for known in declared_apps(settings)]
    if declared and app not in declared:
        raise click.BadParameter(f"is none of the declared apps: {', '.join(declared)}", param_hint="--app")
    try:
        checked_user_id(user)
    except Unauthenticated as error:
        raise click.BadParameter(error.message, param_hint="--user") from error
    if not user:
        raise click.BadParameter("must not be empty", param_hint="--user")
