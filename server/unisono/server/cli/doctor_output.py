"""A diagnosis as text for people and as JSON for programs."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from unisono.server.app.doctor.diagnosis import Diagnosis, Finding
from unisono.server.app.doctor.scopes import Scopes, scopes
from unisono.server.app.words import for_json, moment, shown, span
from unisono.server.core.access.claims import claim
from unisono.server.core.access.principal import Principal, Role

SHOWN: Final = (
    *("iss", "aud", "sub", "tid", "oid", "uid", "azp", "appid", "client_id", "cid"),
    *("scope", "scp", "roles", "permissions", "typ", "token_use", "idtyp", "gty", "iat", "nbf", "exp"),
)
"""The claims whose values are shown, if they are there; names that the declaration of the issuer has, too."""

_MARKS: Final = {True: "✓", False: "✗", None: "·"}
_PLAIN: Final = {True: "ok", False: "NO", None: "--"}


def lines(diagnosis: Diagnosis, *, plain: bool) -> Iterable[str]:
    """Yield the lines for a person. With `plain` the marks are ASCII."""
    marks = _PLAIN if plain else _MARKS
    yield _summary(diagnosis)
    yield ""
    made = [finding for finding in diagnosis.findings if finding.passed is not None]
    yield from (f"{marks[finding.passed]} {finding.check:10} {finding.text}" for finding in made)
    yield from _scope_lines(_scopes(diagnosis))
    if len(made) < len(diagnosis.findings):
        rest = ", ".join(finding.check for finding in diagnosis.findings if finding.passed is None)
        yield f"{marks[None]} not to be told after that: {rest}"
    if diagnosis.advice:
        yield from ("", "What to do:", *(f"- {line}" for line in diagnosis.advice))
    told = _claims(diagnosis)
    if told:
        is_signed = any(finding.check == "signature" and finding.passed for finding in diagnosis.findings)
        yield from ("", "Claims:" if is_signed else "Claims, which anybody may have written:")
        yield from (f"  {name:10} {shown(value)}" for name, value in told.items())


def to_json(diagnosis: Diagnosis) -> Mapping[str, Any]:
    """Return the object for a program. Times are in seconds since 1970."""
    principal, error, seen = diagnosis.principal, diagnosis.error, diagnosis.seen
    known = _scopes(diagnosis)
    expire_time = getattr(seen, "expire_time", None)
    return {
        "good": principal is not None,
        "reason": str(error.reason) if error else None,
        "message": error.message if error else None,
        "app_id": principal and (principal.app_id or None),
        "user_id": principal and (principal.user_id or None),
        "role": principal and str(principal.role),
        "told_by": principal and principal.told_by,
        "issuer": seen.issuer.name if hasattr(seen, "issuer") else None,
        "client_id": getattr(seen, "client_id", "") or None,
        "scopes": {
            "all": principal and sorted(principal.scopes),
            "given": known and known.given,
            "mapped": known and known.mapped,
            "added": known and known.added,
        },
        "expire_time": expire_time and expire_time / 1000,
        "expires_in": expire_time and (expire_time - seen.now) / 1000,
        "checks": [_finding(finding) for finding in diagnosis.findings],
        "advice": list(diagnosis.advice),
        "header": _readable(seen.token.header) if hasattr(seen, "token") else None,
        "claims": _readable(_claims(diagnosis)),
    }


def _readable(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: for_json(value) for name, value in values.items()}


def _finding(finding: Finding) -> Mapping[str, Any]:
    return {"check": finding.check, "passed": finding.passed, "text": finding.text}


def _summary(diagnosis: Diagnosis) -> str:
    principal, error = diagnosis.principal, diagnosis.error
    if principal is None or error is not None:
        return f"Refused: {error.reason}, {error.message}" if error else "Refused"
    left = span(principal.expire_time - diagnosis.seen.now)
    return f"Good: {_whose(principal)}, until {moment(principal.expire_time)} ({left})"


def _whose(principal: Principal) -> str:
    match principal.role:
        case Role.ADMIN:
            return f"the admin {shown(principal.admin)}"
        case Role.DEVICE:
            return f"a device of the user {shown(principal.user_id)} of the app {principal.app_id}"
        case Role.PUBLISHER:
            return f"a publisher of the app {principal.app_id}"


def _scopes(diagnosis: Diagnosis) -> Scopes | None:
    return scopes(diagnosis.seen) if hasattr(diagnosis.seen, "issuer") else None


def _scope_lines(known: Scopes | None) -> Iterable[str]:
    if known is None:
        return
    for name, words in known.given.items():
        yield f"  {'':10} {name} has {', '.join(shown(word)[1:-1] for word in words)}"
    for word, here in known.mapped.items():
        yield f"  {'':10} {shown(word)[1:-1]} counts as {here}"
    if known.added:
        yield f"  {'':10} the issuer's declaration adds {', '.join(known.added)}"


def _claims(diagnosis: Diagnosis) -> Mapping[str, Any]:
    seen = diagnosis.seen
    if not hasattr(seen, "token"):
        return {}
    names = list(SHOWN)
    if hasattr(seen, "issuer"):
        issuer = seen.issuer
        names += (issuer.audience_claim, *issuer.client_claims, *issuer.user_claims, *issuer.scope_claims)
        names += (*issuer.required_claims, *issuer.app_only_claims)
    there = {name: claim(seen.token.claims, name) for name in dict.fromkeys(names)}
    return {name: value for name, value in there.items() if value is not None}
