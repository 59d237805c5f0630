"""Tokens of an issuer of the configuration file."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from unisono.server.cli.asked_token import Asked
from unisono.server.cli.failures import ConfigurationError
from unisono.server.clock import SystemClock
from unisono.server.config import Settings

if TYPE_CHECKING:
    from unisono.server.app.trust import Trust
    from unisono.server.core.access.apps import App
    from unisono.server.core.access.issuers import Issuer


def of_issuer(settings: Settings, asked: Asked, name: str | None, key: Path | None) -> str:
    """Return the token that is asked for, signed as the issuer with this name or the only one with a secret.

    With `key` it is signed with the private key in this file.
    """
    from unisono.server.app.issuer_token import signed
    from unisono.server.app.log import warnings_on_stderr
    from unisono.server.app.token_shape import CannotSign, Wanted
    from unisono.server.app.trust import trust

    clock = SystemClock()
    trusted = trust(settings.model_copy(update={"dev": False}), clock)
    issuer = _issuer(trusted, name or _only_one(settings, key))
    wanted = Wanted(
        issuer=issuer,
        app=_app(trusted, issuer, asked.app_id),
        client_id=asked.client_id,
        user_id=asked.user_id,
        scopes=asked.scopes,
        now=clock.now() // 1000,
        ttl=asked.ttl,
    )
    try:
        with warnings_on_stderr():
            return asyncio.run(signed(wanted, trusted, key))
    except CannotSign as error:
        raise ConfigurationError(str(error)) from error


def _only_one(settings: Settings, key: Path | None) -> str:
    """Return the name of the only issuer that the key may be of; without one, of the only with a secret."""
    fitting = [issuer for issuer in settings.issuers if key or issuer.secret or issuer.secret_file]
    if len(fitting) == 1:
        return fitting[0].name or fitting[0].issuer
    names = ", ".join(issuer.name or issuer.issuer for issuer in settings.issuers) or "none is declared"
    raise click.UsageError(f"say with --issuer as whom to sign ({names}), or --dev for the development key")


def _issuer(trusted: "Trust", name: str) -> "Issuer":
    for issuer in trusted.issuers:
        if name in (issuer.name, issuer.issuer):
            return issuer
    names = ", ".join(issuer.name for issuer in trusted.issuers)
    raise click.BadParameter(f"{name} is not declared; known: {names}", param_hint="--issuer")


def _app(trusted: "Trust", issuer: "Issuer", app_id: str | None) -> "App":
    known = [app for app in map(trusted.apps.get, trusted.apps.ids) if app and issuer.name in app.issuers]
    wanted = [app for app in known if app_id in (None, app.app_id)]
    if len(wanted) == 1:
        return wanted[0]
    names = ", ".join(app.app_id for app in known)
    what = f"{app_id} takes no tokens of {issuer.name}" if app_id else f"{issuer.name} signs for several apps"
    raise click.BadParameter(f"{what}; known: {names}", param_hint="--app")
