"""What the claims of a verified token say. Knows neither signatures nor the time."""

import math
import unicodedata
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from unisono.server.core.access.issuers import AppOnly, Issuer
from unisono.server.errors import Reason, Unauthenticated
from unisono.server.model import LARGEST_INTEGER

Claims: TypeAlias = Mapping[str, Any]

USER_ID_BYTES: Final = 256
CLIENT_CLAIMS: Final = ("azp", "appid", "client_id")
SCOPE_CLAIMS: Final = ("scope", "scp", "roles")


def invalid(message: str) -> Unauthenticated:
    """The error of a token that is not to be trusted."""
    return Unauthenticated(Reason.TOKEN_INVALID, message)


def time_of(claims: Claims, name: str) -> int | None:
    """A time claim (RFC 7519, NumericDate) in milliseconds since 1970; None when absent."""
    seconds = claims.get(name)
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < math.inf:
        raise invalid(f"the claim {name} of the access token is no time in seconds since 1970")
    return min(int(seconds * 1000), LARGEST_INTEGER)


def client_id_of(claims: Claims) -> str:
    """The OAuth client that asked for the token; empty when it says none."""
    named = (claims.get(name) for name in CLIENT_CLAIMS)
    return next((value for value in named if isinstance(value, str) and value), "")


def scopes_of(claims: Claims) -> frozenset[str]:
    """All scopes, be they given as text with spaces or as a list."""
    return frozenset(scope for name in SCOPE_CLAIMS for scope in _words(claims.get(name)))


def _words(value: object) -> list[str]:
    if isinstance(value, str):
        return value.split()
    if isinstance(value, list):
        return [word for word in value if isinstance(word, str)]
    return []


def user_id_of(claims: Claims, issuer: Issuer) -> str:
    """The user whose token it is; empty for an app's own."""
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
    """The same, if it is one that the service can keep."""
    try:
        size = len(user_id.encode())
    except UnicodeEncodeError:
        raise invalid("the user of the access token is not valid UTF-8") from None
    if size > USER_ID_BYTES:
        raise invalid(f"the user of the access token has more than {USER_ID_BYTES} bytes")
    if any(unicodedata.category(character) == "Cc" for character in user_id):
        raise invalid("the user of the access token contains control characters")
    return user_id
