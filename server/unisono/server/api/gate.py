"""Lets a call in: its token, its role and its request id. Knows no messages."""

import os
import re
from collections.abc import Collection, Iterable

from unisono.server.core.access.principal import Principal, Role
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.errors import PermissionDenied, Reason, Unauthenticated

Metadata = Iterable[tuple[str, str | bytes]]

REQUEST_ID_KEY = "x-request-id"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)


def request_id(metadata: Metadata) -> str:
    """The caller's request id, if it is a harmless one; otherwise a new one."""
    for key, value in metadata:
        if key == REQUEST_ID_KEY and isinstance(value, str) and _REQUEST_ID.fullmatch(value):
            return value
    return os.urandom(8).hex()


def authenticate(verifier: TokenVerifier, metadata: Metadata) -> Principal:
    """Who calls; raises Unauthenticated without a good bearer token."""
    values = [value for key, value in metadata if key == "authorization"]
    if not values:
        raise Unauthenticated(
            Reason.TOKEN_MISSING,
            'no access token: send "authorization: Bearer TOKEN" in the metadata',
        )
    match = _BEARER.fullmatch(values[0]) if isinstance(values[0], str) else None
    if match is None or len(values) > 1:
        raise Unauthenticated(Reason.TOKEN_INVALID, 'the metadata "authorization" must be one "Bearer TOKEN"')
    return verifier.verify(match.group(1))


def authorize(principal: Principal, allowed: Collection[Role]) -> Role:
    """The role in which the principal makes the call; raises PermissionDenied if it may not."""
    role = principal.role
    if role not in allowed:
        names = " or a ".join(sorted(allowed))
        raise PermissionDenied(
            Reason.ROLE_NOT_ALLOWED,
            f"this method is for a {names}, and the access token is a {role}'s",
            {"allowed": ",".join(sorted(allowed))},
        )
    return role
