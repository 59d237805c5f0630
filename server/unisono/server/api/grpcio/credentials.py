"""A certificate as grpcio's server wants it: asked for at each handshake."""

import time
from typing import Final

import grpc

from unisono.server.api.tls import Certificate, KeyPair

_SETTLE: Final = 0.05
"""How long handshakes wait before a new certificate replaces the old one, in seconds.

gRPC frees the old one even while another thread is about to use it, and crashes then. Every handshake asks
for the certificate, one at a time: those that asked before are done with the old one by the end of the wait,
and later ones wait for the new one.
"""


def credentials(certificate: Certificate) -> grpc.ServerCredentials:
    """Return the credentials for a port, which use changed files from the next connection on."""

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        """Runs on a thread of gRPC, never twice at a time. None keeps the last configuration."""
        pair = certificate.renewed()
        if pair is None:
            return None
        time.sleep(_SETTLE)
        return _configuration(pair)

    # The type stubs of grpc lack the None that its documentation allows.
    return grpc.dynamic_ssl_server_credentials(_configuration(certificate.pair), renewed)  # type: ignore[arg-type]


def _configuration(pair: KeyPair) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(pair.key, pair.chain)])
