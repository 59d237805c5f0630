"""The server's TLS certificate, which is read again when its files change: renewing needs no restart."""

import ssl
import time
from pathlib import Path
from typing import Final

import grpc

_SETTLE: Final = 0.05
"""How long handshakes wait before a new certificate replaces the old one, in seconds.

gRPC frees the old one even while another thread is about to use it, and crashes then. Every handshake asks
for the certificate, one at a time: those that asked before are done with the old one by the end of the wait,
and later ones wait for the new one.
"""


class CertificateError(Exception):
    """The files cannot be read, or are not a certificate and its key; the message is for the operator."""


class Certificate:
    """A certificate chain and its private key, in two PEM files."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Read the files; raises CertificateError when they cannot be read, or do not fit together."""
        self._certificate = certificate
        self._key = key
        self._stamp, self._initial = self._read()

    def credentials(self) -> grpc.ServerCredentials:
        """Return the credentials for a port, which use changed files from the next connection on.

        Changed files that do not fit together, as while they are being replaced, are ignored: the last good
        certificate stays in use.
        """
        # The type stubs of grpc lack the None that its documentation allows.
        return grpc.dynamic_ssl_server_credentials(self._initial, self._renewed)  # type: ignore[arg-type]

    def _renewed(self) -> grpc.ServerCertificateConfiguration | None:
        """Return a new configuration if the files changed and fit together; None to keep the last one.

        Runs on a thread of gRPC, never twice at a time.
        """
        try:
            if self._stamped() == self._stamp:
                return None
            self._stamp, configuration = self._read()
        except (CertificateError, OSError):
            return None
        time.sleep(_SETTLE)
        return configuration

    def _stamped(self) -> tuple[int, int]:
        return self._certificate.stat().st_mtime_ns, self._key.stat().st_mtime_ns

    def _read(self) -> tuple[tuple[int, int], grpc.ServerCertificateConfiguration]:
        """Read the files, and when they were last written, which is asked first."""
        try:
            stamp = self._stamped()
            # gRPC accepts any bytes here, and fails at each connection later.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self._certificate, self._key)
            pair = (self._key.read_bytes(), self._certificate.read_bytes())
        except ssl.SSLError as error:
            raise CertificateError(
                f"{self._certificate} and {self._key} are not a PEM certificate and its key: {error.reason}"
            ) from error
        except OSError as error:
            raise CertificateError(f"cannot read the TLS files: {error}") from error
        return stamp, grpc.ssl_server_certificate_configuration([pair])
