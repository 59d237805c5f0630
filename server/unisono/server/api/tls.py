"""The server's certificate: read again when its files change, so that renewing needs no restart."""

from pathlib import Path

import grpc


class Certificate:
    """A certificate chain and its key, in PEM files."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Raises OSError when a file cannot be read."""
        self._certificate = certificate
        self._key = key
        self._stamp = self._stamped()
        self._configuration = self._read()

    def credentials(self) -> grpc.ServerCredentials:
        """For a port. The files are looked at for each new connection."""
        return grpc.dynamic_ssl_server_credentials(self._configuration, self._renewed)

    def _renewed(self) -> grpc.ServerCertificateConfiguration:
        """The configuration, new if the files changed; a file that is half written counts as not yet."""
        try:
            stamp = self._stamped()
            if stamp != self._stamp:
                self._configuration, self._stamp = self._read(), stamp
        except OSError:
            pass
        return self._configuration

    def _stamped(self) -> tuple[int, int]:
        return self._certificate.stat().st_mtime_ns, self._key.stat().st_mtime_ns

    def _read(self) -> grpc.ServerCertificateConfiguration:
        pair = (self._key.read_bytes(), self._certificate.read_bytes())
        return grpc.ssl_server_certificate_configuration([pair])
