"""The server's certificate: read again when its files change, so that renewing needs no restart."""

import ssl
from pathlib import Path

import grpc


class CertificateError(Exception):
    """The files are not a certificate and its key. The message is for the operator."""


class Certificate:
    """A certificate chain and its key, in PEM files."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Raises CertificateError."""
        self._certificate = certificate
        self._key = key
        self._stamp, self._configuration = self._read()

    def credentials(self) -> grpc.ServerCredentials:
        """For a port. The files are looked at for each new connection."""
        return grpc.dynamic_ssl_server_credentials(self._configuration, self._renewed)

    def _renewed(self) -> grpc.ServerCertificateConfiguration:
        """The configuration, new if the files changed; until both files are there and fit, the old one."""
        try:
            if self._stamped() != self._stamp:
                self._stamp, self._configuration = self._read()
        except (CertificateError, OSError):
            pass
        return self._configuration

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
