"""The certificate that a client has shown for its connection: what of it anybody may go by, and no more."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import Final

from unisono.server.model.value import value

MOST_NAMES: Final = 100
"""Subject alternative names that a certificate may have: each call looks for them."""


def thumbprint_of(der: bytes) -> str:
    """Return the thumbprint of a certificate by its DER."""
    return urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


@value(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """A certificate of a trusted authority whose private key the client has.

    `thumbprint` is the SHA-256 of its DER, in base64url (`x5t#S256` of RFC 8705, section 3.1). `dns_names`,
    in small letters, and `uris` are its subject alternative names; its subject counts for nothing.
    `expire_time` is in milliseconds since 1970.
    """

    thumbprint: str
    dns_names: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    expire_time: int

    @property
    def names(self) -> Sequence[str]:
        """All that an app can declare it by: `x5t#S256:THUMBPRINT`, `dns:NAME` and `uri:URI`."""
        return (
            f"x5t#S256:{self.thumbprint}",
            *(f"dns:{name}" for name in self.dns_names),
            *(f"uri:{uri}" for uri in self.uris),
        )
