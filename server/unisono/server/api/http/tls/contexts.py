"""How TLS is spoken: versions, ciphers and protocols, with the certificate that is in the files now."""

import ssl
from typing import Final

from unisono.server.api.tls import Certificate

_CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""What TLS 1.2 may use: keys that are forgotten, and no suite that HTTP/2 forbids (RFC 9113, appendix A)."""


class Contexts:
    """The context of the next handshake. Connections keep the one that they began with."""

    __slots__ = ("_certificate", "_context")

    def __init__(self, certificate: Certificate) -> None:
        self._certificate: Final = certificate
        self._context = _prepared(certificate.context)

    def current(self) -> ssl.SSLContext:
        """Return the context, a new one where the certificate was renewed."""
        if self._certificate.renewed() is not None:
            self._context = _prepared(self._certificate.context)
        return self._context


def _prepared(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context
