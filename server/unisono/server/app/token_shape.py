"""Makes the claims of a token as the declaration of its issuer reads them: the reverse of the verifier."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from unisono.server.core.access.app_tokens import CLIENT_ID, AppOnly
from unisono.server.core.access.apps import App
from unisono.server.core.access.issuers import TENANT, Issuer


class CannotSign(Exception):
    """A token that is wanted cannot be made. The message is for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A token that is wanted, valid from `now` (seconds since 1970) for `ttl` seconds.

    With an empty `user_id` it is the app's own; with an empty `client_id` the first client that fits counts.
    """

    issuer: Issuer
    app: App
    client_id: str = ""
    user_id: str = ""
    scopes: tuple[str, ...]
    now: int
    ttl: int


def claims_of(wanted: Wanted) -> dict[str, Any]:
    """Return the claims. Raises `CannotSign` where the issuer has no such tokens."""
    issuer, client_id = wanted.issuer, _client_id(wanted)
    if TENANT in issuer.issuer:
        raise CannotSign(f"the issuer {issuer.name} is of many tenants, and signs for none of them")
    claims: dict[str, Any] = {"iss": issuer.issuer, "iat": wanted.now, "exp": wanted.now + wanted.ttl}
    _put(claims, issuer.audience_claim, next(iter(issuer.audiences), client_id))
    _put(claims, issuer.client_claims[0], client_id)
    _put_all(claims, _user_claims(wanted) if wanted.user_id else _own_claims(wanted, client_id))
    _put(claims, _scope_claim(wanted), " ".join(_scopes(wanted)))
    _put_all(claims, issuer.required_claims)
    if not wanted.user_id and issuer.app_only is AppOnly.CLAIM:
        _put_all(claims, issuer.app_only_claims)
    return claims


def token_type(issuer: Issuer) -> str:
    """Return the type for the header of a token."""
    return "JWT" if "jwt" in issuer.token_types else min(issuer.token_types)


def _client_id(wanted: Wanted) -> str:
    app = wanted.app
    if wanted.client_id:
        return wanted.client_id
    if wanted.issuer.app_only is not AppOnly.PUBLISHER_CLIENTS:
        return app.clients[0]
    name, fitting = (
        ("client_ids", app.client_ids)
        if wanted.user_id
        else ("publisher_client_ids", app.publisher_client_ids)
    )
    if not fitting:
        raise CannotSign(f"the app {app.app_id} has no {name}, one of which such a token is of")
    return fitting[0]


def _user_claims(wanted: Wanted) -> Mapping[str, str]:
    issuer = wanted.issuer
    names, prefix = issuer.user_claims, issuer.user_prefix
    if not names:
        raise CannotSign(f"the issuer {issuer.name} speaks for no users")
    if not wanted.user_id.startswith(prefix):
        raise CannotSign(f"each user of the issuer {issuer.name} begins with {prefix!r} (user_prefix)")
    parts = wanted.user_id.removeprefix(prefix).split(":", len(names) - 1)
    if len(parts) < len(names) or not all(parts):
        raise CannotSign(f"a user of the issuer {issuer.name} is {prefix}{':'.join(names)}")
    return dict(zip(names, parts, strict=True))


def _own_claims(wanted: Wanted, client_id: str) -> Mapping[str, str]:
    match wanted.issuer.app_only:
        case AppOnly.SUB_IS_CLIENT_ID:
            return {"sub": wanted.issuer.client_subject.replace(CLIENT_ID, client_id)}
        case AppOnly.IDTYP:
            return {"idtyp": "app"}
        case _:
            return {}


def _scope_claim(wanted: Wanted) -> str:
    """Return the claim for scopes: that of an app's own token may say by its name that it is one."""
    names, told_by = wanted.issuer.scope_claims, wanted.issuer.app_only_claims
    if wanted.user_id:
        return names[0]
    return next((name for name in names if told_by.get(name) is True), names[0])


def _scopes(wanted: Wanted) -> Iterable[str]:
    """Return the scopes under the names that they have at the issuer."""
    issuer = wanted.issuer
    there = {here: name for name, here in issuer.scope_map.items()}
    own = not wanted.user_id and issuer.app_only is AppOnly.SCOPE
    named = (*wanted.scopes, issuer.app_only_scope) if own else wanted.scopes
    return tuple(there.get(scope, scope) for scope in dict.fromkeys(named))


def _put_all(claims: dict[str, Any], expected: Mapping[str, object]) -> None:
    """Put claims with what they are expected to be; what is already there stays if anything will do."""
    for name, value in expected.items():
        if isinstance(value, tuple):
            _put(claims, name, value[0])
        elif isinstance(value, str) or (value is True and name not in claims):
            _put(claims, name, value)


def _put(claims: dict[str, Any], name: str, value: object) -> None:
    """Put a claim; dots in its name lead into objects."""
    *path, last = name.split(".") if "://" not in name else [name]
    for step in path:
        claims = claims.setdefault(step, {})
    claims[last] = value
