"""Reads the claims of a token whose signature was verified. Does not compare times with a clock."""

import math
import unicodedata
from collections.abc import Collection
from typing import Final, TypeAlias

from unisono.server.core.access.issuers import AppOnly, Issuer
from unisono.server.core.access.jws import JsonObject
from unisono.server.core.access.refused import invalid, lacking
from unisono.server.model import LARGEST_INTEGER

Claims: TypeAlias = JsonObject
"""The claims of a token. A value may be any JSON, whatever type its name promises."""

USER_ID_BYTES: Final = 256
CLIENT_CLAIMS: Final = ("azp", "appid", "client_id")
SCOPE_CLAIMS: Final = ("scope", "scp", "roles")
TEXT_CLAIMS: Final = ("sub", "jti")


def check_use(claims: Claims, audiences: Collection[str]) -> None:
    """Raise `Unauthenticated` (TOKEN_INVALID) for a token for other audiences, or bound to a key.

    One with a confirmation (`cnf`, RFC 7800) needs the proof that its holder has a key or a certificate
    (RFC 8705, RFC 9449): taken as a bearer token it would serve whoever stole it.
    """
    for name in TEXT_CLAIMS:
        if not isinstance(claims.get(name, ""), str):
            raise invalid(f"the claim {name} of the access token is no text")
    if claims.get("cnf") is not None:
        raise invalid(
            "the access token is bound to a key of its holder (cnf), and the service cannot check that "
            "confirmation; ask the issuer for a bearer token"
        )
    if not _audiences_of(claims).intersection(audiences):
        raise invalid("the access token is for another audience (aud)")


def _audiences_of(claims: Claims) -> frozenset[str]:
    named = claims.get("aud")
    if not named:
        raise lacking("aud")
    listed = named if isinstance(named, list) else [named]
    if not all(isinstance(audience, str) for audience in listed):
        raise invalid("the claim aud of the access token is neither a text nor a list of texts")
    return frozenset(listed)


def time_of(claims: Claims, name: str) -> int | None:
    """Return a time claim (NumericDate of RFC 7519) in milliseconds since 1970; None when it is absent.

    What lies beyond all calendars becomes `LARGEST_INTEGER`. Raises `Unauthenticated` for what is no time.
    """
    seconds = claims.get(name)
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < math.inf:
        raise invalid(f"the claim {name} of the access token is no time in seconds since 1970")
    return int(min(min(seconds, LARGEST_INTEGER) * 1000, LARGEST_INTEGER))


def client_id_of(claims: Claims) -> str:
    """Return the OAuth client that asked for the token; empty when it names none.

    Issuers name it in one claim or another. Raises `Unauthenticated` when it is no text, or when several
    claims differ: whichever was chosen, the token might act for an app that its issuer did not mean.
    """
    named = [claims[name] for name in CLIENT_CLAIMS if claims.get(name) not in (None, "")]
    if not all(isinstance(client_id, str) for client_id in named):
        raise invalid("the client id (azp, appid or client_id) of the access token is no text")
    if len(set(named)) > 1:
        raise invalid("the access token names different clients (azp, appid, client_id)")
    return next(iter(named), "")


def scopes_of(claims: Claims) -> frozenset[str]:
    """Return all scopes, which issuers give as a text with spaces or as a list; empty when there are none."""
    return frozenset(scope for name in SCOPE_CLAIMS for scope in _words(claims.get(name)))


def _words(value: object) -> list[str]:
    if isinstance(value, str):
        return value.split()
    if isinstance(value, list):
        return [word for word in value if isinstance(word, str)]
    return []


def user_id_of(claims: Claims, issuer: Issuer) -> str:
    """Return the user whose token it is; empty for an app's own, as the issuer marks it (`AppOnly`).

    Raises `Unauthenticated` when a claim that names the user is missing, or as `checked_user_id`; and when a
    claim but the last has a colon, which separates them.
    """
    if _is_app_only(claims, issuer):
        return ""
    parts = [claims.get(name) for name in issuer.user_claims]
    texts = [part for part in parts if isinstance(part, str) and part]
    if len(texts) < len(parts):
        wanted = ", ".join(issuer.user_claims)
        raise invalid(f"the access token does not name its user (claims: {wanted})")
    if any(":" in text for text in texts[:-1]):
        raise invalid("the claims that name the user contain a colon, which would make users ambiguous")
    return checked_user_id(":".join(texts))


def _is_app_only(claims: Claims, issuer: Issuer) -> bool:
    match issuer.app_only:
        case AppOnly.IDTYP:
            return claims.get("idtyp") == "app"
        case AppOnly.SUB_IS_CLIENT_ID:
            return bool(client_id_of(claims)) and claims.get("sub") == client_id_of(claims)
        case AppOnly.NO_USER_CLAIM:
            return all(claims.get(name) is None for name in issuer.user_claims)


def checked_user_id(user_id: str) -> str:
    """Return the user id, if the service can store it.

    Raises `Unauthenticated` for more than 256 bytes, control characters, and what is no valid UTF-8.
    """
    try:
        size = len(user_id.encode())
    except UnicodeEncodeError:
        raise invalid("the user of the access token is not valid UTF-8") from None
    if size > USER_ID_BYTES:
        raise invalid(f"the user of the access token has more than {USER_ID_BYTES} bytes")
    if any(unicodedata.category(character) == "Cc" for character in user_id):
        raise invalid("the user of the access token contains control characters")
    return user_id
