"""Tells whose a token looks like, and tries whether another declaration would take it for the app's own.

What a token looks like decides nothing anywhere: it only makes the advice to an operator better.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from unisono.server.app.doctor.case import Case
from unisono.server.app.trust import issuer_of
from unisono.server.app.words import quoted, shown
from unisono.server.config import IssuerSettings
from unisono.server.core.access.app_tokens import AppOnly, told
from unisono.server.core.access.apps import App
from unisono.server.core.access.claims import client_id_of, scopes_of
from unisono.server.core.access.issuers import Issuer
from unisono.server.core.access.jws import SignedToken
from unisono.server.errors import Unauthenticated

_HOSTS: Final = {
    "https://login.microsoftonline.com/": "entra",
    "https://sts.windows.net/": "entra",
    "https://cognito-idp.": "cognito",
    "https://accounts.google.com": "google",
}
_PARTS: Final = {
    "/realms/": "keycloak",
    ".auth0.com": "auth0",
    ".okta.com": "okta",
    ".oktapreview.com": "okta",
}


def preset_of(issuer: object) -> str:
    """Return the preset for an issuer with this name; empty where it looks like none of them."""
    text = issuer if isinstance(issuer, str) else ""
    for start, preset in _HOSTS.items():
        if text.startswith(start):
            return preset
    return next((preset for part, preset in _PARTS.items() if part in text), "")


def signs_of_an_app(token: SignedToken) -> tuple[str, str]:
    """Return by what a token seems to be an app's own, and the preset that knows it so; both may be empty."""
    claims = token.claims
    sub = claims.get("sub")
    sub = sub if isinstance(sub, str) else ""
    if preset_of(claims.get("iss")) == "entra" and "roles" in claims and "scp" not in claims:
        return "it has roles and no scp", "entra"
    if str(claims.get("preferred_username")).startswith("service-account-"):
        return "preferred_username begins with service-account-", "keycloak"
    if claims.get("gty") == "client-credentials" or sub.endswith("@clients"):
        return "it comes from the grant client-credentials, or its sub ends in @clients", "auth0"
    if sub and sub in (claims.get("client_id"), claims.get("azp"), claims.get("cid")):
        return "its sub is its client id", preset_of(claims.get("iss")) or _of_nobody_known(token)
    return "", ""


def _of_nobody_known(token: SignedToken) -> str:
    """Return the preset for a token whose issuer may be anywhere: Ory Hydra always gives `ext` and `scp`."""
    if "ext" in token.claims and "scp" in token.claims:
        return "hydra"
    return "rfc9068" if str(token.header.get("typ")).lower().endswith("at+jwt") else ""


def as_an_app(case: Case) -> str:
    """Return what to declare so that a token that seems to be an app's own is taken for that.

    Each remedy is tried. Empty where the token does not look like it, or where none would do it.
    """
    declared = case.declared
    app = _app(case) if declared is not None else None
    if declared is None or app is None:
        return ""
    signs, preset = signs_of_an_app(case.seen.token)
    if not signs:
        return ""
    for change, words in _remedies(declared, preset):
        lines = _lines(case, issuer_of(_changed(declared, change), case.seen.issuer.keys), app, words)
        if lines:
            return f"it looks like a token of the app itself ({signs}): {lines} would take it for that"
    return ""


def _app(case: Case) -> App | None:
    """Return the app of a token that is not taken for its own; where none has the client, the only one."""
    known, told_by = getattr(case.seen, "app", None), getattr(case.seen, "told", None)
    if known is not None:
        return None if told_by is None or told_by.app_only else known
    apps = case.seen.rules.apps
    takers = [app for app in map(apps.get, apps.ids) if app and case.name in app.issuers]
    return takers[0] if len(takers) == 1 else None


def _remedies(declared: IssuerSettings, preset: str) -> list[tuple[Mapping[str, Any], str]]:
    own: list[tuple[Mapping[str, Any], str]] = [({}, "")] if declared.preset else []
    if preset and not declared.preset:
        own.append(({"preset": preset}, f'preset = "{preset}"'))
    return [*own, ({"app_only": "sub_is_client_id"}, 'app_only = "sub_is_client_id"')]


def _changed(declared: IssuerSettings, change: Mapping[str, Any]) -> IssuerSettings:
    """Return the table with another preset or value; what the operator wrote precedes a preset."""
    if not change:
        return declared
    written = {name: getattr(declared, name) for name in declared.model_fields_set}
    return IssuerSettings(**{**written, **change})


def _lines(case: Case, issuer: Issuer, app: App, words: str) -> str:
    """Return what to write where it helps: in the issuer, and where that asks for it in the app."""
    client_id, claims = _client_id(case, issuer), case.claims
    if not client_id:
        return ""
    lines = [f"{words} in the issuer {issuer.name}"] if words else []
    if issuer.app_only is AppOnly.PUBLISHER_CLIENTS and client_id not in app.publisher_client_ids:
        app = replace(app, publisher_client_ids=(*app.publisher_client_ids, client_id))
        lines.append(f"publisher_client_ids = {quoted(app.publisher_client_ids)} in the app {app.app_id}")
    elif client_id not in app.clients:
        lines.append(f"client_ids = {quoted((*app.client_ids, client_id))} in the app {app.app_id}")
    scopes = issuer.mapped(scopes_of(claims, issuer.scope_claims))
    return " with ".join(lines) if told(claims, issuer, app, client_id, scopes).app_only else ""


def _client_id(case: Case, issuer: Issuer) -> str:
    try:
        return client_id_of(case.claims, issuer.client_claims)
    except Unauthenticated:
        return ""


def declaration(issuer: object) -> str:
    """Return the lines that declare an issuer with this name."""
    preset = preset_of(issuer)
    return f"[[issuers]] issuer = {shown(issuer)}" + (f', preset = "{preset}"' if preset else "")
