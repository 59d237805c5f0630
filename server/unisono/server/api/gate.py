"""Lets a call in: its token, its role and its request id. Knows no messages."""

import os
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from unisono.server.core.access.principal import Principal, Role
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.errors import PermissionDenied, Reason, Unauthenticated

Metadata = Iterable[tuple[str, str | bytes]]

REQUEST_ID_KEY = "x-request-id"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is needed of a call's metadata, which gRPC makes anew at each look."""

    request_id: str
    authorization: tuple[str | bytes, ...]

    @classmethod
    def of(cls, metadata: Metadata) -> "Entry":
        """The caller's request id, if it is a harmless one, otherwise a new one; and the tokens."""
        given = [value for key, value in metadata if key == REQUEST_ID_KEY]
        harmless = [v for v in given if isinstance(v, str) and _REQUEST_ID.fullmatch(v)]
        tokens = tuple(value for key, value in metadata if key == "authorization")
        return cls((*harmless, os.urandom(8).hex())[0], tokens)


def authenticate(verifier: TokenVerifier, values: Sequence[str | bytes]) -> Principal:
    """Who calls; raises Unauthenticated without one good bearer token."""
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
