"""Reads the claims of a token. Does not compare times with a clock, and decides nothing."""

import math
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from unisono.server.core.access.jws import JsonObject
from unisono.server.core.access.refused import invalid, lacking
from unisono.server.model import LARGEST_INTEGER

Claims: TypeAlias = JsonObject
"""The claims of a token. A value may be any JSON, whatever type its name promises."""

Expected: TypeAlias = bool | tuple[str, ...]
"""What a claim has to be: there (True), absent (False), or one of these texts, or a list with one of them."""

USER_ID_BYTES: Final = 256
TEXT_CLAIMS: Final = ("sub", "jti")


def claim(claims: Claims, name: str) -> Any:
    """Return the value of a claim, None where it is absent.

    Where no claim has the name, its dots lead into objects: `realm_access.roles`.
    """
    if name in claims or "." not in name:
        return claims.get(name)
    found: Any = claims
    for step in name.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def has(claims: Claims, name: str, expected: Expected) -> bool:
    """Return whether a claim is as expected."""
    found = claim(claims, name)
    if isinstance(expected, bool):
        return (found is not None) is expected
    return any(word in expected for word in (found if isinstance(found, list) else [found]))


def check_texts(claims: Claims) -> None:
    """Raise `Unauthenticated` (TOKEN_INVALID) where a claim that RFC 7519 defines as a text is none."""
    for name in TEXT_CLAIMS:
        if not isinstance(claims.get(name, ""), str):
            raise invalid(f"the claim {name} of the access token is no text")


def texts_of(claims: Claims, name: str) -> frozenset[str]:
    """Return the text, or the texts of the list, in a claim.

    Raises `Unauthenticated` (TOKEN_INVALID) where it is missing or empty, and where it is anything else.
    """
    named = claim(claims, name)
    if not named:
        raise lacking(name)
    listed = named if isinstance(named, list) else [named]
    if not all(isinstance(text, str) for text in listed):
        raise invalid(f"the claim {name} of the access token is neither a text nor a list of texts")
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


def client_id_of(claims: Claims, names: Iterable[str]) -> str:
    """Return the OAuth client that asked for the token; empty when it names none.

    Issuers name it in one claim or another. Raises `Unauthenticated` when it is no text, or when several
    claims differ: whichever was chosen, the token might act for an app that its issuer did not mean.
    """
    named = {name: claim(claims, name) for name in names}
    there = {name: client_id for name, client_id in named.items() if client_id not in (None, "")}
    if not all(isinstance(client_id, str) for client_id in there.values()):
        raise invalid(f"the client id ({' or '.join(there)}) of the access token is no text")
    if len(set(there.values())) > 1:
        raise invalid(f"the access token names different clients ({', '.join(there)})")
    return next(iter(there.values()), "")


def scopes_of(claims: Claims, names: Iterable[str]) -> frozenset[str]:
    """Return all scopes, which issuers give as a text with spaces or as a list; empty when there are none."""
    return frozenset(scope for name in names for scope in _words(claim(claims, name)))


def _words(value: object) -> list[str]:
    if isinstance(value, str):
        return value.split()
    if isinstance(value, list):
        return [word for word in value if isinstance(word, str)]
    return []


def user_id_of(claims: Claims, names: Iterable[str], prefix: str) -> str:
    """Return the user that these claims name, joined by colons behind the prefix.

    Raises `Unauthenticated` when one of them is missing, or as `checked_user_id`; and when one but the last
    has a colon, which separates them.
    """
    parts = [claim(claims, name) for name in names]
    texts = [part for part in parts if isinstance(part, str) and part]
    if not texts or len(texts) < len(parts):
        raise invalid(f"the access token does not name its user (claims: {', '.join(names)})")
    if any(":" in text for text in texts[:-1]):
        raise invalid("the claims that name the user contain a colon, which would make users ambiguous")
    return checked_user_id(prefix + ":".join(texts))


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
