"""Tells access tokens from what else an issuer signs with the same keys (RFC 8725, section 3.11)."""

from collections.abc import Collection
from typing import Final

from unisono.server.core.access.claims import Claims
from unisono.server.core.access.jws import JsonObject
from unisono.server.core.access.refused import invalid

TYPES: Final = frozenset(("jwt", "at+jwt"))
"""The types of RFC 7519, section 5.1, and of RFC 9068, section 2.1. They are media types: case does not
count, and "application/" may stand before them (RFC 7515, section 4.1.9)."""

HASHES: Final = ("at_hash", "c_hash", "s_hash")
"""Claims of ID tokens alone (OpenID Connect Core 1.0, section 3.3.2.11, and its Financial-grade API)."""


def check_header(header: JsonObject, types: Collection[str] = TYPES) -> None:
    """Raise `Unauthenticated` (TOKEN_INVALID) unless the header fits an access token of one of the `types`.

    A type (`typ`) is optional (RFC 7519), and many issuers give none, or "JWT"; where `types` has no "jwt",
    it has to be there. "logout+jwt", "dpop+jwt" and others may be signed with the same keys. The service
    knows no extensions, so it refuses any that are critical (`crit`, RFC 7515, section 4.1.11).
    """
    if "crit" in header:
        raise invalid("the access token demands header parameters (crit) that the service does not know")
    if "typ" not in header and "jwt" in types:
        return
    typ = header.get("typ")
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") not in types:
        wanted = " nor ".join(sorted(types)).replace("jwt", "JWT", 1) if len(types) > 1 else next(iter(types))
        raise invalid(f"the access token says that it is something else (typ is neither {wanted})")


def check_claims(claims: Claims, *, id_tokens: bool) -> None:
    """Raise `Unauthenticated` (TOKEN_INVALID) for what is no access token by its claims.

    With `id_tokens`, ID tokens count as access tokens, for issuers that give out no others.
    """
    what = _something_else(claims)
    if what and not (id_tokens and what == _ID_TOKEN):
        raise invalid(f"this is {what} and no access token")


_ID_TOKEN: Final = "an ID token"


def _something_else(claims: Claims) -> str:
    """Return what a token is that is no access token; empty where nothing tells.

    `typ` among the claims is Keycloak's, `token_use` Amazon Cognito's. `events` is that of a logout token
    (OpenID Connect Back-Channel Logout 1.0, section 2.4) and of other security events (RFC 8417). Keycloak
    before version 24 gave its access tokens the nonce of the sign-in, too, and they say that they are Bearer.
    """
    typ, use = claims.get("typ"), claims.get("token_use")
    if claims.get("events") is not None or typ == "Logout":
        return "a logout token"
    if typ in ("Refresh", "Offline"):
        return "a refresh token"
    if use not in (None, "access", "access_token", "id"):
        return "a token for another use (token_use)"
    if typ == "ID" or use == "id" or any(claims.get(name) is not None for name in HASHES):
        return _ID_TOKEN
    if claims.get("nonce") is not None and typ != "Bearer":
        return _ID_TOKEN
    return ""
