"""Tokens of the development key."""

import click

from unisono.server.cli.asked_token import Asked
from unisono.server.clock import SystemClock
from unisono.server.config import Settings


def of_dev_key(settings: Settings, asked: Asked) -> str:
    """Return the token that is asked for, by default of the app `demo`. Makes the key where there is none."""
    from unisono.server.app import dev_key

    client_id = asked.client_id or _client_of(settings, asked.app_id or dev_key.DEMO.app_id)
    return dev_key.token(
        _key(settings),
        client_id=client_id,
        user_id=asked.user_id,
        scopes=asked.scopes,
        now=SystemClock().now(),
        ttl=asked.ttl,
    )


def _client_of(settings: Settings, app_id: str) -> str:
    from unisono.server.app import trust

    known = {app.app_id: app for app in trust.declared_apps(settings.model_copy(update={"dev": True}))}
    if app_id not in known:
        raise click.BadParameter(f"{app_id} is not declared; known: {', '.join(known)}", param_hint="--app")
    return known[app_id].clients[0]


def _key(settings: Settings) -> str:
    from unisono.server.app import dev_key

    file = dev_key.key_file(settings.store_file)
    made = not file.exists()
    key = dev_key.secret(settings.store_file)
    if made:
        what = f"only a server with --dev and --store {settings.store} takes its tokens"
        click.echo(f"made the development key {file.resolve()}: {what}", err=True)
    return key
