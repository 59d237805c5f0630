"""Checks that the header of a token is one of an access token."""

from typing import Final

from unisono.server.core.access.jws import JsonObject
from unisono.server.core.access.refused import invalid

TYPES: Final = frozenset(("jwt", "at+jwt"))
"""The types of RFC 7519, section 5.1, and of RFC 9068, section 2.1. They are media types: case does not
count, and "application/" may stand before them (RFC 7515, section 4.1.9)."""


def check_header(header: JsonObject) -> None:
    """Raise `Unauthenticated` (TOKEN_INVALID) unless the header fits an access token.

    A type (`typ`) is optional (RFC 7519), and many issuers give none, or "JWT". A token of another type must
    not be taken for an access token (RFC 8725, section 3.11): "logout+jwt", "dpop+jwt" and others may be
    signed with the same keys. The service knows no extensions, so it refuses any that are critical (`crit`,
    RFC 7515, section 4.1.11).
    """
    if "crit" in header:
        raise invalid("the access token demands header parameters (crit) that the service does not know")
    if "typ" in header and not _is_access_token(header["typ"]):
        raise invalid("the access token says that it is something else (typ is neither JWT nor at+jwt)")


def _is_access_token(typ: object) -> bool:
    return isinstance(typ, str) and typ.lower().removeprefix("application/") in TYPES
