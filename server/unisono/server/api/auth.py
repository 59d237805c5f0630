"""Lets a call in: its token, its role and its request id. Knows no messages."""

import os
import re
from collections.abc import Collection, Iterable, Sequence

from unisono.server.core.access.principal import Principal, Role
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.errors import PermissionDenied, Reason, TokenUndecodable, Unauthenticated
from unisono.server.model.value import value

Metadata = Iterable[tuple[str, str | bytes]]

REQUEST_ID_KEY = "x-request-id"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TOKEN_KEY = "authorization"


@value(frozen=True, slots=True)
class CallMetadata:
    """What is needed of a call's metadata, which gRPC makes anew at each look."""

    request_id: str
    authorization: tuple[str | bytes, ...]

    @classmethod
    def of(cls, metadata: Metadata) -> "CallMetadata":
        """The caller's request id, if it is a harmless one, otherwise a new one; and the tokens."""
        request_id = ""
        tokens: tuple[str | bytes, ...] = ()
        for key, content in metadata:
            if key == _TOKEN_KEY:
                tokens += (content,)
            elif key == REQUEST_ID_KEY and not request_id and isinstance(content, str):
                request_id = content if _REQUEST_ID.fullmatch(content) else ""
        return cls(request_id or os.urandom(8).hex(), tokens)


def authenticate(verifier: TokenVerifier, values: Sequence[str | bytes]) -> Principal:
    """Who calls; raises Unauthenticated without one good bearer token."""
    if not values:
        raise Unauthenticated(
            Reason.TOKEN_MISSING,
            'no access token: send "authorization: Bearer TOKEN" in the metadata',
        )
    words = values[0].split() if isinstance(values[0], str) else ()
    if len(words) != 2 or words[0].lower() != "bearer" or len(values) > 1:
        text = 'the metadata "authorization" must be one "Bearer TOKEN"'
        raise TokenUndecodable(Reason.TOKEN_INVALID, text)
    return verifier.verify(words[1])


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
