"""Says what to do about what is no access token of a trusted issuer for this service, whosever it is."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from unisono.server.app.doctor.case import Case
from unisono.server.app.doctor.likeness import declaration, preset_of
from unisono.server.app.words import quoted, shown, span
from unisono.server.core.access.app_tokens import words_of
from unisono.server.core.access.claims import claim, has, time_of
from unisono.server.errors import Reason, Unauthenticated, Unavailable
from unisono.server.keys.base import KeysUnavailable

_GRAPH: Final = ("00000003-0000-0000-c000-000000000000", "https://graph.microsoft.com")
_ASK: Final = {
    "keycloak": 'an audience mapper in one of the client\'s scopes adds "{0}"',
    "auth0": "ask for the token with audience={0}, the identifier of the API",
    "entra": "ask for the token with a scope of this service's own app registration (api://...)",
    "okta": 'set "{0}" as the audience of the authorization server',
}


def _form(case: Case) -> Iterable[str]:
    text = case.seen.text
    if len(text) > case.seen.rules.max_bytes:
        yield "let the issuer put less into the token (groups, often), or raise access_token_bytes"
    elif text.count(".") == 4:
        yield "it is encrypted (JWE); let the issuer sign it only"
    elif text.count(".") != 2:
        yield (
            "it can be read by its issuer alone (opaque); let it issue JWTs: Auth0 and others do where a "
            "token is asked for with an audience or resource, Ory Hydra with strategies.access_token = jwt"
        )
    else:
        yield "it was cut or changed where it was copied, or it is not signed"


def _issuer(case: Case) -> Iterable[str]:
    iss = case.claims.get("iss")
    if not isinstance(iss, str):
        yield "let the issuer name itself in the claim iss"
        return
    for table in case.settings.issuers:
        if table.issuer.rstrip("/").lower() == iss.rstrip("/").lower():
            yield f"write the issuer exactly as the token has it: issuer = {shown(iss)}, not {table.issuer!r}"
            return
    yield f"declare it, if it is to be trusted: {declaration(iss)}; and name it in the issuers of its apps"


def _type(case: Case) -> Iterable[str]:
    header, types = case.seen.token.header, sorted(case.seen.issuer.token_types)
    if "crit" in header:
        yield "let the issuer leave crit out of the header"
        return
    typ = header.get("typ")
    preset = case.declared.preset if case.declared else None
    because = f" (as preset = {shown(preset)} says)" if preset == "rfc9068" else ""
    yield (
        f"its typ is {shown(typ)}, and the issuer {case.name} takes {quoted(types)}{because}; if it is an "
        "access token all the same, token_types there says so"
    )


def _keys(case: Case) -> Iterable[str]:
    issuer, header = case.seen.issuer, case.seen.token.header
    if isinstance(case.errors["keys"], Unavailable):
        yield f"the server needs to reach the address of the keys of {case.name}, and a proxy on the way, too"
        return
    try:
        keys = [f"{key.algorithm} {key.kid or 'without an id'}" for key in issuer.keys.current()]
    except KeysUnavailable:
        return
    kid = shown(header["kid"]) if "kid" in header else "without an id"
    yield (
        f"it is signed by {shown(header['alg'])} with the key {kid}; those of {case.name} are "
        f"{', '.join(keys)}: renew its file, if it has one, or see algorithms"
    )


def _time(case: Case) -> Iterable[str]:
    now, error = case.seen.now, case.errors["time"]
    if error.reason == Reason.TOKEN_EXPIRED:
        yield f"it expired {span(now - case.seen.expire_time)} ago: get a new one"
        return
    for name in ("nbf", "iat"):
        try:
            ahead = (time_of(case.claims, name) or 0) - now
        except Unauthenticated:
            return
        if ahead > case.seen.rules.clock_skew:
            yield f"{name} is {span(ahead)} from now: set the clocks, or clock_skew where that is meant so"
            return
    yield "let the issuer say in exp until when it is valid"


def _kind(case: Case) -> Iterable[str]:
    confirmation = case.claims.get("cnf")
    if confirmation is not None and not case.seen.bound_to:
        if not case.seen.rules.client_certificates and has(case.claims, "cnf.x5t#S256", True):
            yield "a server with tls_client_ca asks for the certificate that it is bound to; without:"
        yield "turn off DPoP or mutual TLS for tokens of this audience at the issuer"
    elif preset_of(case.claims.get("iss")) == "google":
        yield f'preset = "google" in the issuer {case.name} takes ID tokens, which are all that Google has'
    else:
        yield "send the access token, which the issuer gives out beside it (access_token)"


def _audience(case: Case) -> Iterable[str]:
    issuer = case.seen.issuer
    there = claim(case.claims, issuer.audience_claim)
    if there in _GRAPH:
        yield "it is for Microsoft Graph, and nobody else can check it: " + _ASK["entra"]
        return
    if not there:
        preset = ' (preset = "cognito" reads client_id for it)' if "token_use" in case.claims else ""
        yield f"let the issuer put {quoted(issuer.audiences)} into {issuer.audience_claim}{preset}"
        return
    how = _ASK.get(preset_of(case.claims.get("iss")), 'let the issuer add "{0}" to it')
    listed = quoted(there if isinstance(there, list) else [there])
    yield (
        f"its {issuer.audience_claim} is {shown(there)}: {how.format(issuer.audiences[0])}; or, where tokens "
        f"for that are meant for this service, audience = {listed} in the issuer {case.name}"
    )


def _required(case: Case) -> Iterable[str]:
    for name, expected in case.seen.issuer.required_claims.items():
        if not has(case.claims, name, expected):
            is_so = shown(claim(case.claims, name))
            yield f"required_claims of {case.name}: {name} has to be {words_of(expected)}, and is {is_so}"


def _signature(case: Case) -> Iterable[str]:
    if case.seen.token.header["alg"] == "HS256":
        yield f"whoever signs it has another secret than {case.name} has here; blanks and ends of lines count"
    else:
        yield f"it was changed, or signed with another key than the one that {case.name} has here"


ADVICE: Final[Mapping[str, Callable[[Case], Iterable[str]]]] = {
    "form": _form,
    "issuer": _issuer,
    "type": _type,
    "keys": _keys,
    "time": _time,
    "kind": _kind,
    "audience": _audience,
    "claims": _required,
    "signature": _signature,
}
"""What to say about each check that failed, by its name."""
