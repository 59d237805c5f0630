"""The command `unisono-server token`, which makes tokens of a declared issuer or of the development key."""

import re
from pathlib import Path
from typing import Any, Final

import click

from unisono.server.cli.asked_token import Asked
from unisono.server.cli.dev_token import of_dev_key
from unisono.server.cli.examples import examples
from unisono.server.cli.issuer_token import of_issuer
from unisono.server.cli.options import access_settings, loaded

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
        "unisono-server token --config unisono.toml --user ada",
        "unisono-server token --config unisono.toml --app mail.contoso.com --scope notifications.send",
        "unisono-server token --config unisono.toml --issuer backend --key private.pem --user ada",
    )
)
@click.option("--app", metavar="APP_ID", help="the app the token is for [default: demo, or the only one]")
@click.option("--user", metavar="USER_ID", help="the user whose device gets it; without, it is the app's own")
@click.option("--client", metavar="CLIENT_ID", default="", help="the client it is of [default: the first]")
@click.option("--scope", "scopes", multiple=True, metavar="SCOPE", help="instead of all scopes; repeatable")
@click.option(
    "--ttl", callback=_seconds, default="1h", show_default=True, metavar="TIME", help="how long it is valid"
)
@click.option("--issuer", metavar="NAME", help="sign as this issuer of the configuration file")
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="private key of the issuer (PEM), where it has no secret",
)
@access_settings
def token(
    app: str | None,
    user: str | None,
    client: str,
    scopes: tuple[str, ...],
    ttl: int,
    issuer: str | None,
    key: Path | None,
    config: Path | None,
    **flags: Any,
) -> None:
    """Print an access token that a server with the same settings accepts.

    It is signed as the --issuer of the file, with its secret or with --key, and looks as its declaration
    says. Without --issuer, that is the only issuer with a secret; where none is declared, or with --dev, it
    is the development key: a file beside the store, made when there is none, which works before the first
    start, for a server that runs with --dev on the same --store.

    --user is the whole id, as a publisher writes it. Without --scope a token has notifications.send, and
    with --user also notifications.readwrite; feeds.delete has to be named.
    """
    settings = loaded(config, flags).settings
    user_id = "" if user is None else _checked(user)
    asked = Asked(app_id=app, client_id=client, user_id=user_id, scopes=scopes or _all(user_id), ttl=ttl)
    if issuer is None and key is None and (settings.dev or not settings.issuers):
        click.echo(of_dev_key(settings, asked))
    else:
        click.echo(of_issuer(settings, asked, issuer, key))


def _all(user_id: str) -> tuple[str, ...]:
    from unisono.server.core.access.principal import Scope

    return (Scope.READWRITE, Scope.SEND) if user_id else (Scope.SEND,)


def _checked(user: str) -> str:
    from unisono.server.core.access.claims import checked_user_id
    from unisono.server.errors import Unauthenticated

    try:
        if user:
            return checked_user_id(user)
    except Unauthenticated as error:
        raise click.BadParameter(error.message, param_hint="--user") from error
    raise click.BadParameter("must not be empty", param_hint="--user")
