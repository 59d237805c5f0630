"""Says what to do about a token: the setting to change, or what to ask its issuer for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from unisono.server.app.doctor import token_advice
from unisono.server.app.doctor.case import Case
from unisono.server.app.doctor.likeness import as_an_app
from unisono.server.app.words import quoted, shown
from unisono.server.core.access.claims import claim
from unisono.server.core.access.principal import SCOPE_OF_ROLE, Role

_CLIENTS: Final = {"azp": "", "appid": "", "client_id": "", "cid": "okta", "clientId": ""}
"""Claims that name a client somewhere, and the preset that reads them where the defaults do not."""


def advice(case: Case) -> Sequence[str]:
    """Return what to do, a line for each; what a good token may yet be meant for counts, too."""
    own = "" if case.seen.is_decided and case.seen.principal.admin else as_an_app(case)
    moot = ("app", "scopes") if own else ()
    lines = [line for check in case.errors if check not in moot for line in _ADVICE.get(check, _none)(case)]
    if case.seen.bound_to and not case.errors:
        lines.append(
            "it is good with that client certificate alone: a server refuses it on other connections"
        )
    return [*lines, own] if own else lines


def _none(case: Case) -> Iterable[str]:
    return ()


def _client(case: Case) -> Iterable[str]:
    names = case.seen.issuer.client_claims
    values = ", ".join(f"{name} = {shown(claim(case.claims, name))}" for name in names)
    yield f"these are {values}; name the one that counts with client_claims in the issuer {case.name}"


def _app(case: Case) -> Iterable[str]:
    client_id = case.seen.client_id
    if not client_id:
        yield from _no_client(case)
        return
    takers = [app for app in map(case.seen.rules.apps.get, case.seen.rules.apps.ids) if app]
    owner = next((app for app in takers if client_id in app.clients), None)
    if owner is not None:
        issuers = quoted((*owner.issuers, case.name))
        yield f"the app {owner.app_id} has this client, but of other issuers: issuers = {issuers} there"
        return
    here = [app.app_id for app in takers if case.name in app.issuers] or list(case.seen.rules.apps.ids)
    yield (
        f"declare client_ids = [{shown(client_id)}] in the app that it is for ({', '.join(here)}), beside "
        "those that are there; or publisher_client_ids, for the backend of an app whose issuer tells it so"
    )


def _no_client(case: Case) -> Iterable[str]:
    there = [name for name in _CLIENTS if isinstance(case.claims.get(name), str)]
    if not there:
        yield "let the issuer name the client that asked for the token, in azp or client_id (RFC 9068)"
        return
    preset = f' (preset = "{_CLIENTS[there[0]]}" does)' if _CLIENTS[there[0]] else ""
    yield f"client_claims = {quoted(there[:1])} in the issuer {case.name} reads it there{preset}"


def _user(case: Case) -> Iterable[str]:
    if not case.seen.issuer.speaks_for_users:
        yield f"user_claims in the issuer {case.name} says which claims name a user"
        return
    there = [name for name in ("sub", "oid", "uid", "email") if isinstance(case.claims.get(name), str)]
    yield (
        f"user_claims in the issuer {case.name} are {quoted(case.seen.issuer.user_claims)}; "
        f"the token has {', '.join(there) or 'none of those that usually name one'}"
    )


def _scopes(case: Case) -> Iterable[str]:
    issuer = case.seen.issuer
    role = Role.DEVICE if case.seen.user_id else Role.PUBLISHER
    wanted = str(SCOPE_OF_ROLE[role])
    alike = [scope for scope in sorted(case.seen.scopes) if scope.endswith(wanted)]
    elsewhere = [
        name
        for name in ("scope", "scp", "roles", "permissions", "realm_access.roles")
        if name not in issuer.scope_claims and wanted in shown(claim(case.claims, name))
    ]
    if alike:
        yield f"scope_map = {{ {shown(alike[0])} = {shown(wanted)} }} in the issuer {case.name}"
    elif elsewhere:
        yield f"scope_claims = {quoted((*issuer.scope_claims, elsewhere[0]))} in the issuer {case.name}"
    else:
        added = "user_scopes" if role is Role.DEVICE else "app_scopes"
        yield (
            f"let the issuer grant the scope {wanted} to this client; where it knows no such scopes, "
            f'{added} = ["{wanted}"] in the issuer {case.name} adds it to every such token'
        )


_ADVICE: Final[Mapping[str, Callable[[Case], Iterable[str]]]] = {
    **token_advice.ADVICE,
    "client": _client,
    "app": _app,
    "user": _user,
    "scopes": _scopes,
}
