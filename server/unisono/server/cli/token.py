"""The command `unisono-server token`, which makes tokens of the development key."""

import re
from pathlib import Path
from typing import Any, Final

import click

from unisono.server.cli.examples import examples
from unisono.server.cli.options import loaded, store_setting
from unisono.server.clock import SystemClock
from unisono.server.config import Settings

_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 24 * 3600}
_TTL_MAX: Final = 365 * 24 * 3600


def _seconds(ctx: click.Context, param: click.Parameter, text: str) -> int:
    form = re.fullmatch("([0-9]{1,9})([smhd]?)", text)
    seconds = int(form[1]) * _UNITS[form[2]] if form else 0
    if not 0 < seconds <= _TTL_MAX:
        raise click.BadParameter(f"{text} is no time such as 90s, 15m, 1h or 7d, up to 365d", ctx, param)
    return seconds


@click.command(
    epilog=examples(
        "unisono-server token",
        "unisono-server token --store sqlite:///var/unisono.db",
        "unisono-server token --user ada --ttl 7d",
        "unisono-server token --app mail.contoso.com --config unisono.toml --scope notifications.send",
    )
)
@click.option("--app", default="demo", show_default=True, metavar="APP_ID", help="the app the token is for")
@click.option("--user", metavar="USER_ID", help="the user whose device gets it; without, it is the app's own")
@click.option("--scope", "scopes", multiple=True, metavar="SCOPE", help="instead of all scopes; repeatable")
@click.option(
    "--ttl", callback=_seconds, default="1h", show_default=True, metavar="TIME", help="how long it is valid"
)
@store_setting
def token(
    app: str, user: str | None, scopes: tuple[str, ...], ttl: int, config: Path | None, **flags: Any
) -> None:
    """Print an access token of the development key.

    The key is a file beside the store, made when there is none: this works before the first start. Only
    a server that runs with --dev on the same --store accepts the token. Without --scope it has
    notifications.send, and with --user also notifications.readwrite; feeds.delete has to be named.
    """
    settings = loaded(config, flags).settings
    click.echo(_token(settings, app, user, scopes, ttl))


def _token(settings: Settings, app_id: str, user: str | None, scopes: tuple[str, ...], ttl: int) -> str:
    from unisono.server.app import dev_key
    from unisono.server.core.access.principal import Scope

    client_id = _client_of(settings, app_id)
    user_id = "" if user is None else _checked(user)
    every = (Scope.READWRITE, Scope.SEND) if user_id else (Scope.SEND,)
    return dev_key.token(
        _key(settings),
        client_id=client_id,
        user_id=user_id,
        scopes=scopes or every,
        now=SystemClock().now(),
        ttl=ttl,
    )


def _client_of(settings: Settings, app_id: str) -> str:
    from unisono.server.app import trust

    known = {app.app_id: app for app in trust.declared_apps(settings.model_copy(update={"dev": True}))}
    if app_id not in known:
        raise click.BadParameter(f"{app_id} is not declared; known: {', '.join(known)}", param_hint="--app")
    return known[app_id].clients[0]


def _checked(user: str) -> str:
    from unisono.server.core.access.claims import checked_user_id
    from unisono.server.errors import Unauthenticated

    try:
        if user:
            return checked_user_id(user)
    except Unauthenticated as error:
        raise click.BadParameter(error.message, param_hint="--user") from error
    raise click.BadParameter("must not be empty", param_hint="--user")


def _key(settings: Settings) -> str:
    from unisono.server.app import dev_key

    file = dev_key.key_file(settings.store_file)
    made = not file.exists()
    key = dev_key.secret(settings.store_file)
    if made:
        what = f"only a server with --dev and --store {settings.store} takes its tokens"
        click.echo(f"made the development key {file.resolve()}: {what}", err=True)
    return key
