"""Tokens that are bound to a client certificate (RFC 8705, section 3): to which, and whether it was shown."""

import re
from hmac import compare_digest
from typing import Final

from unisono.server.core.access.claims import Claims
from unisono.server.core.access.refused import invalid
from unisono.server.model.client_certificate import ClientCertificate

_THUMBPRINT: Final = re.compile("[A-Za-z0-9_-]{43}")


def bound_to(claims: Claims, *, with_certificates: bool) -> str:
    """Return the thumbprint of the certificate that a token is bound to, empty for a bearer token.

    Raises `Unauthenticated` (TOKEN_INVALID) for any other confirmation (`cnf`, RFC 7800), such as that of
    DPoP (RFC 9449), and for one that is more than a thumbprint: taken as a bearer token it would serve
    whoever stole it. So it does for all of them where clients are asked for no certificates.
    """
    confirmation = claims.get("cnf")
    if confirmation is None:
        return ""
    if with_certificates and isinstance(confirmation, dict) and confirmation.keys() == {"x5t#S256"}:
        thumbprint = confirmation["x5t#S256"]
        if isinstance(thumbprint, str) and _THUMBPRINT.fullmatch(thumbprint):
            return thumbprint
    raise invalid(
        "the access token is bound to a key of its holder (cnf), and the service cannot check that "
        "confirmation; ask the issuer for a bearer token"
    )


def check_proof(thumbprint: str, certificate: ClientCertificate | None, now: int) -> None:
    """Raise `Unauthenticated` (TOKEN_INVALID) unless a token comes with the certificate it is bound to.

    `certificate` is that of the connection, `now` in milliseconds. A token without a thumbprint may come with
    any.
    """
    if not thumbprint:
        return
    if certificate is None:
        raise invalid(
            "the access token is bound to a client certificate (cnf), and none was shown: connect with that "
            "certificate"
        )
    if not compare_digest(thumbprint, certificate.thumbprint):
        raise invalid(
            "the access token is bound to another client certificate (cnf) than the one that was shown: get "
            "one with the certificate that you connect with"
        )
    if certificate.expire_time <= now:
        raise invalid("the client certificate that the access token is bound to (cnf) has expired")
