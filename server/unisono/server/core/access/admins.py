"""Tells the tokens of admins, who ask about the service and act for no app and no user.

Such a token is nothing else: who may look into every feed is not to do so with the token of an app.
"""

from typing import Final

from unisono.server.core.access.app_tokens import words_of
from unisono.server.core.access.claims import has
from unisono.server.core.access.examination import Examination
from unisono.server.core.access.principal import Principal
from unisono.server.core.access.refused import invalid, lacking

METHOD: Final = "method"
"""The claim of a token of the commands that names the one method it is for."""

LONGEST: Final = 60_000
"""For how many milliseconds such a token may be good."""


def admin_of(seen: Examination) -> Principal | None:
    """Return the admin whose token it is, None where it is somebody else's.

    Raises `Unauthenticated` (TOKEN_INVALID) for one of the key of the commands that names no method, or that
    would be good for long.
    """
    issuer, claims = seen.issuer, seen.token.claims
    if not issuer.names_admins or not all(has(claims, *one) for one in issuer.admin_claim.items()):
        return None
    return Principal(
        app_id="",
        admin=claims.get("sub") or seen.client_id or issuer.name,
        only_method=_only_method(seen) if issuer.only_admins else "",
        scopes=frozenset(),
        expire_time=seen.expire_time,
        issuer=issuer.name,
        client_id=seen.client_id,
        told_by=_why(seen),
        bound_to=seen.bound_to,
    )


def _only_method(seen: Examination) -> str:
    method = seen.token.claims.get(METHOD)
    if not method or not isinstance(method, str):
        raise lacking(METHOD)
    if seen.expire_time > seen.now + LONGEST + seen.rules.clock_skew:
        raise invalid(f"an access token of the admin key is good for {LONGEST // 1000} s at most")
    return method


def _why(seen: Examination) -> str:
    if seen.issuer.only_admins:
        return "it is signed with the admin key"
    return " and ".join(
        f"its claim {name} is {words_of(one)}" for name, one in seen.issuer.admin_claim.items()
    )
