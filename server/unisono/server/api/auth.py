"""Reads the token and the request id in a call's metadata, finds out who calls, and checks the role.

Does not depend on the messages of requests.
"""

import os
import re
from collections.abc import Collection, Sequence

from unisono.server.api.call import Call, Metadata
from unisono.server.core.access.principal import Principal, Role
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.errors import PermissionDenied, Reason, TokenUndecodable, Unauthenticated
from unisono.server.model.client_certificate import ClientCertificate
from unisono.server.model.value import value

REQUEST_ID_KEY = "x-request-id"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TOKEN_KEY = "authorization"
_TRACE_KEY = "traceparent"

#: Characters of it: 55 by W3C Trace Context, and some more that later versions may have.
_LONGEST_TRACE = 256

#: What proxies add to a request that they pass on.
BY_PROXIES = frozenset(("forwarded", "x-forwarded-for", "x-real-ip", "via"))


@value(frozen=True, slots=True)
class CallMetadata:
    """The parts of a call's metadata that the server uses; gRPC copies all of it each time it is read.

    `request_id` is the id that the log and the trailing metadata of the call have, never empty.
    `authorization` holds all values of that key, in order. `traceparent` is as the caller wrote it, empty
    where that is missing or long.
    """

    request_id: str
    authorization: tuple[str | bytes, ...]
    traceparent: str = ""

    @classmethod
    def of(cls, metadata: Metadata) -> "CallMetadata":
        """Read the metadata of a call.

        The request id is the caller's `x-request-id` where that is 1 to 64 letters, digits or `._-`, so that
        it is safe in a log; otherwise it is a new random one.
        """
        request_id = traceparent = ""
        tokens: tuple[str | bytes, ...] = ()
        for key, content in metadata:
            if key == _TOKEN_KEY:
                tokens += (content,)
            elif key == REQUEST_ID_KEY and not request_id and isinstance(content, str):
                request_id = content if _REQUEST_ID.fullmatch(content) else ""
            elif key == _TRACE_KEY and isinstance(content, str) and len(content) <= _LONGEST_TRACE:
                traceparent = content
        return cls(request_id or os.urandom(8).hex(), tokens, traceparent)


def authenticate(
    verifier: TokenVerifier,
    values: Sequence[str | bytes],
    connection: str,
    certificate: ClientCertificate | None = None,
) -> Principal:
    """Return the caller whom the bearer token (RFC 6750) in the "authorization" values names.

    `connection` is the one that the call came by; see `TokenVerifier.verify`. Without a value, and only then,
    the client's `certificate` says who calls: a token is judged by itself, and never gains by a certificate
    but for being used at all, where it is bound to that one.

    Raises Unauthenticated (TOKEN_MISSING) without either, TokenUndecodable unless there is exactly one value
    of the form "Bearer TOKEN", and what `TokenVerifier.verify` and `verify_certificate` raise.
    """
    if not values:
        return _by_certificate(verifier, certificate)
    words = values[0].split() if isinstance(values[0], str) else ()
    if len(words) != 2 or words[0].lower() != "bearer" or len(values) > 1:
        text = 'the metadata "authorization" must be one "Bearer TOKEN"'
        raise TokenUndecodable(Reason.TOKEN_INVALID, text)
    return verifier.verify(words[1], connection, certificate)


def _by_certificate(verifier: TokenVerifier, certificate: ClientCertificate | None) -> Principal:
    principal = None if certificate is None else verifier.verify_certificate(certificate)
    if principal is not None:
        return principal
    text = 'no access token: send "authorization: Bearer TOKEN" in the metadata'
    if certificate is not None:
        text += "; the client certificate is none of the client_certificates of an app"
    raise Unauthenticated(Reason.TOKEN_MISSING, text)


def require_role(principal: Principal, allowed: Collection[Role]) -> Role:
    """Return the principal's role; raises PermissionDenied (ROLE_NOT_ALLOWED) unless it is an allowed one."""
    role = principal.role
    if role not in allowed:
        names = " or ".join(one.with_article for one in sorted(allowed))
        whose = f"the {principal.shown} is {role.with_article}'s"
        raise PermissionDenied(
            Reason.ROLE_NOT_ALLOWED,
            f"this method is for {names}, and {whose} ({principal.taken_for})",
            {"allowed": ",".join(sorted(allowed))},
            about=principal.names,
        )
    return role


def require_use(principal: Principal, method: str, call: Call) -> None:
    """Raise Unauthenticated (TOKEN_INVALID) unless the token is good for this call of a method.

    One that is for a single method is good for that alone, and only where it comes from this machine, with no
    proxy in between.
    """
    if not principal.only_method:
        return
    if principal.only_method != method:
        text = f"the access token is for {principal.only_method} alone"
    elif not call.is_local or any(key in BY_PROXIES for key, _ in call.metadata):
        text = "the access token is good from the server's own machine alone, and through no proxy"
    else:
        return
    raise Unauthenticated(Reason.TOKEN_INVALID, text, about=principal.names)
