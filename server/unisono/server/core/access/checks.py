"""The checks that a token has to pass, in their order: what costs little comes first, the signature late.

Each takes what those before it found, adds what it finds, and raises where the token is to be refused.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from unisono.server.core.access.admins import admin_of
from unisono.server.core.access.app_tokens import told
from unisono.server.core.access.claims import (
    check_texts,
    client_id_of,
    has,
    scopes_of,
    texts_of,
    time_of,
    user_id_of,
)
from unisono.server.core.access.confirmation import bound_to
from unisono.server.core.access.examination import Examination
from unisono.server.core.access.jws import SignedToken
from unisono.server.core.access.principal import SCOPE_OF_ROLE, Principal
from unisono.server.core.access.refused import invalid, lacking, undecodable
from unisono.server.core.access.token_type import check_claims, check_header
from unisono.server.errors import PermissionDenied, Reason, Unauthenticated, Unavailable
from unisono.server.keys.base import KeysUnavailable

KEYS_TRIED_MAX: Final = 10
"""The most keys that are tried for a token that names none. Who has more has to name them (`kid`)."""


class Check(NamedTuple):
    """A check by its name, and the findings that it needs (fields of `Examination`)."""

    name: str
    run: Callable[[Examination], None]
    needs: tuple[str, ...]


def check_form(text: str, max_bytes: int) -> None:
    """Raise `Unauthenticated` (TOKEN_MISSING) or `TokenUndecodable` for what can be no token at a glance."""
    if not text:
        raise Unauthenticated(Reason.TOKEN_MISSING, "send an access token: authorization: Bearer TOKEN")
    if len(text) > max_bytes:
        raise undecodable(f"the access token has {len(text)} bytes; at most {max_bytes} are allowed")
    if not text.isascii():
        raise undecodable("the access token is no JWT")


def _form(seen: Examination) -> None:
    check_form(seen.text, seen.rules.max_bytes)
    seen.token = SignedToken.decode(seen.text)


def _issuer(seen: Examination) -> None:
    claims = seen.token.claims
    if claims.get("iss") is None:
        raise undecodable("the access token lacks the claim iss")
    issuer = seen.rules.issuers.find(claims)
    if issuer is None:
        raise undecodable("the issuer (iss) of the access token is not trusted here")
    seen.issuer = issuer


def _type(seen: Examination) -> None:
    check_header(seen.token.header, seen.issuer.token_types)


def _keys(seen: Examination) -> None:
    """Find the keys that may have signed it, at least one."""
    token, issuer = seen.token, seen.issuer
    kid = token.header.get("kid")
    try:
        keys = [key for key in issuer.keys.current() if issuer.key_fits(key, token.header, token.claims)]
        if not keys and kid is not None:
            issuer.keys.look_for(kid)
    except KeysUnavailable as error:
        raise Unavailable(
            Reason.ISSUER_UNAVAILABLE,
            "the keys of the issuer of the access token are not there yet; try again",
            retry_delay=error.retry_delay,
        ) from None
    if not keys:
        raise invalid("no key of the issuer has the algorithm (alg) and key id (kid) of the access token")
    seen.keys = keys


def _time(seen: Examination) -> None:
    """Check it against the clock: `exp` strictly, `nbf` and `iat` with leeway."""
    claims = seen.token.claims
    for name in ("nbf", "iat"):
        if (time_of(claims, name) or 0) > seen.now + seen.rules.clock_skew:
            raise invalid(f"the access token is not valid yet ({name} is in the future)")
    expire_time = time_of(claims, "exp")
    if expire_time is None:
        raise lacking("exp")
    seen.expire_time = expire_time
    if expire_time <= seen.now:
        raise Unauthenticated(Reason.TOKEN_EXPIRED, "the access token has expired; get a new one")


def _kind(seen: Examination) -> None:
    check_texts(seen.token.claims)
    seen.bound_to = bound_to(seen.token.claims, with_certificates=seen.rules.client_certificates)
    check_claims(seen.token.claims, id_tokens=seen.issuer.id_tokens)


def _audience(seen: Examination) -> None:
    issuer = seen.issuer
    if issuer.audiences and not texts_of(seen.token.claims, issuer.audience_claim).intersection(
        issuer.audiences
    ):
        raise invalid(f"the access token is for another audience ({issuer.audience_claim})")


def _required(seen: Examination) -> None:
    for name, expected in seen.issuer.required_claims.items():
        if not has(seen.token.claims, name, expected):
            raise invalid(f"the claim {name} of the access token is not as this issuer's has to be")


def _signature(seen: Examination) -> None:
    for key in seen.keys[:KEYS_TRIED_MAX]:
        if key.verifies(seen.token.signing_input, seen.token.signature):
            seen.key = key
            return
    raise invalid("the signature of the access token is wrong")


def _client(seen: Examination) -> None:
    seen.client_id = client_id_of(seen.token.claims, seen.issuer.client_claims)


def _admin(seen: Examination) -> None:
    """Tell an admin's token, which is for no app, from all others."""
    principal = admin_of(seen)
    if principal is not None:
        seen.principal = principal


def _app(seen: Examination) -> None:
    app = seen.rules.apps.of_client(seen.issuer.name, seen.client_id)
    if app is None:
        names = ", ".join(seen.issuer.client_claims)
        what = "its client id" if seen.client_id else "a token without a client id"
        raise PermissionDenied(
            Reason.APP_UNKNOWN,
            f"no app that takes tokens of this issuer is declared for {what} (claims: {names})",
            about={"issuer": seen.issuer.name, "client": seen.client_id},
        )
    seen.app = app


def _role(seen: Examination) -> None:
    """Tell the app's own token from that of a user."""
    claims, issuer = seen.token.claims, seen.issuer
    seen.scopes = issuer.mapped(scopes_of(claims, issuer.scope_claims))
    seen.told = told(claims, issuer, seen.app, seen.client_id, seen.scopes)


def _user(seen: Examination) -> None:
    if seen.told.app_only:
        seen.user_id = ""
        return
    if not seen.issuer.speaks_for_users:
        raise invalid("the issuer of the access token speaks for no users here (it has no user_claims)")
    seen.user_id = user_id_of(seen.token.claims, seen.issuer.user_claims, seen.issuer.user_prefix)


def _scopes(seen: Examination) -> None:
    issuer = seen.issuer
    principal = Principal(
        app_id=seen.app.app_id,
        user_id=seen.user_id,
        scopes=seen.scopes | (issuer.user_scopes if seen.user_id else issuer.app_scopes),
        expire_time=seen.expire_time,
        issuer=issuer.name,
        client_id=seen.client_id,
        told_by=seen.told.why,
        bound_to=seen.bound_to,
    )
    principal.require(SCOPE_OF_ROLE[principal.role])
    seen.principal = principal


BEFORE_SIGNATURE: Final = (
    Check("form", _form, ()),
    Check("issuer", _issuer, ("token",)),
    Check("type", _type, ("issuer",)),
    Check("keys", _keys, ("issuer",)),
    Check("time", _time, ("token",)),
    Check("kind", _kind, ("issuer",)),
    Check("audience", _audience, ("issuer",)),
    Check("claims", _required, ("issuer",)),
)
SIGNATURE: Final = Check("signature", _signature, ("keys",))
AFTER_SIGNATURE: Final = (
    Check("client", _client, ("issuer",)),
    Check("admin", _admin, ("client_id", "expire_time")),
    Check("app", _app, ("client_id",)),
    Check("role", _role, ("app",)),
    Check("user", _user, ("told",)),
    Check("scopes", _scopes, ("user_id", "expire_time")),
)
CHECKS: Final = (*BEFORE_SIGNATURE, SIGNATURE, *AFTER_SIGNATURE)
"""All of them, in their order. Those after one that decides whose token it is are not made."""
