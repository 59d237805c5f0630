"""Says what a check found where it passed."""

from collections.abc import Callable, Mapping
from typing import Final

from unisono.server.app.words import moment, quoted, shown, span
from unisono.server.core.access.claims import claim
from unisono.server.core.access.examination import Examination


def found(check: str, seen: Examination) -> str:
    """Return what the check with this name found out."""
    return _FOUND[check](seen)


def _form(seen: Examination) -> str:
    header = seen.token.header
    kid = f", key id {shown(header['kid'])}" if "kid" in header else ", no key id"
    return f"a JWT of {len(seen.text):,} bytes, signed by {shown(header['alg'])}{kid}"


def _issuer(seen: Examination) -> str:
    name = "" if seen.issuer.name == seen.issuer.issuer else f", declared as {seen.issuer.name}"
    return f"{shown(seen.token.claims['iss'])}{name}"


def _type(seen: Examination) -> str:
    typ = seen.token.header.get("typ")
    return "it says none, which is allowed" if typ is None else shown(typ)


def _keys(seen: Examination) -> str:
    return f"{len(seen.keys)} of the issuer's {len(seen.issuer.keys.current())} may have signed it"


def _time(seen: Examination) -> str:
    return f"until {moment(seen.expire_time)}, for another {span(seen.expire_time - seen.now)}"


def _kind(seen: Examination) -> str:
    bound = f"the client certificate x5t#S256:{seen.bound_to}" if seen.bound_to else "no key of its holder"
    return f"an access token, bound to {bound}"


def _audience(seen: Examination) -> str:
    issuer = seen.issuer
    if not issuer.audiences:
        return f"the client stands for it ({issuer.audience_claim})"
    return f"{issuer.audience_claim} has one of {quoted(issuer.audiences)}"


def _required(seen: Examination) -> str:
    return f"as required: {', '.join(seen.issuer.required_claims) or 'none is'}"


def _client(seen: Examination) -> str:
    claims = seen.token.claims
    named = [name for name in seen.issuer.client_claims if claim(claims, name) not in (None, "")]
    return f"{shown(seen.client_id)} ({', '.join(named)})" if named else "none is named"


def _admin(seen: Examination) -> str:
    if seen.is_decided:
        return f"yes, since {seen.principal.told_by}"
    names = [f"{name} = {quoted(one)}" for name, one in seen.issuer.admin_claim.items()]
    return f"no, that takes {' and '.join(names)}"


def _role(seen: Examination) -> str:
    role, whose = ("publisher", "the app's own") if seen.told.app_only else ("device", "a user's")
    return f"{role}: it was taken for {whose}, since {seen.told.why}"


def _user(seen: Examination) -> str:
    if not seen.user_id:
        return "none, as it is the app's own"
    names = " + ".join(seen.issuer.user_claims)
    prefix = f"user_prefix {shown(seen.issuer.user_prefix)} + " if seen.issuer.user_prefix else ""
    return f"{shown(seen.user_id)} ({prefix}{names})"


_FOUND: Final[Mapping[str, Callable[[Examination], str]]] = {
    "form": _form,
    "issuer": _issuer,
    "type": _type,
    "keys": _keys,
    "time": _time,
    "kind": _kind,
    "audience": _audience,
    "claims": _required,
    "signature": lambda seen: f"right, by the key {shown(seen.key.kid) if seen.key.kid else 'without an id'}",
    "client": _client,
    "admin": _admin,
    "app": lambda seen: seen.app.app_id,
    "role": _role,
    "user": _user,
    "scopes": lambda seen: ", ".join(sorted(shown(scope)[1:-1] for scope in seen.principal.scopes)),
}
