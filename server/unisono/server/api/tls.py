"""The server's certificate: read again when its files change, so that renewing needs no restart."""

import ssl
import time
from pathlib import Path
from typing import Final

import grpc

_SETTLE: Final = 0.05
"""How long handshakes are held up before a new certificate takes the place of the old one, in seconds.

gRPC frees what it made of the old one without regard to a thread that is just about to use it, and dies of
that. Every handshake asks for the certificate, one at a time: whoever asked before has long gone on then, and
whoever comes waits for the new one.
"""


class CertificateError(Exception):
    """The files are not a certificate and its key. The message is for the operator."""


class Certificate:
    """A certificate chain and its key, in PEM files."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Raises CertificateError."""
        self._certificate = certificate
        self._key = key
        self._stamp, self._initial = self._read()

    def credentials(self) -> grpc.ServerCredentials:
        """For a port. The files are looked at for each new connection."""
        # Its stubs lack the None that its documentation has.
        return grpc.dynamic_ssl_server_credentials(self._initial, self._renewed)  # type: ignore[arg-type]

    def _renewed(self) -> grpc.ServerCertificateConfiguration | None:
        """A new configuration if the files changed, both are there, and fit; None to go on with the last one.

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
        """The files, and when they were written: looked at before they are read."""
        try:
            stamp = self._stamped()
            # gRPC takes anything here, and refuses connections later.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self._certificate, self._key)
            pair = (self._key.read_bytes(), self._certificate.read_bytes())
        except ssl.SSLError as error:
            raise CertificateError(
                f"{self._certificate} and {self._key} are not a PEM certificate and its key: {error.reason}"
            ) from error
        except OSError as error:
            raise CertificateError(f"cannot read the TLS files: {error}") from error
        return stamp, grpc.ssl_server_certificate_configuration([pair])
