"""The server's TLS certificate, which is read again when its files change: renewing needs no restart.

So are the certificates of the authorities whose clients it knows.
"""

import ssl
from pathlib import Path
from typing import NamedTuple


class CertificateError(Exception):
    """The files cannot be read, or are not a certificate and its key; the message is for the operator."""


class KeyPair(NamedTuple):
    """A private key and its certificate chain, as PEM."""

    key: bytes
    chain: bytes


class Certificate:
    """A certificate chain and its private key, in two PEM files, and whose clients may show one, in a third.

    `pair` and `context` are what was read last; the context is a new one each time, and not set up yet.
    """

    def __init__(self, certificate: Path, key: Path, client_ca: Path | None = None) -> None:
        """Read the files; raises CertificateError when they cannot be read, or do not fit together.

        With `client_ca` clients are asked for a certificate, and may have none. One that does not lead to a
        certificate of that file ends the handshake.
        """
        self._certificate = certificate
        self._key = key
        self._client_ca = client_ca
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._stamp, self.pair = self._read()

    def renewed(self) -> KeyPair | None:
        """Return what is in the files, if they changed since the last time and fit together; otherwise None.

        Changed files that do not fit together, as while they are being replaced, are ignored.
        """
        try:
            if self._stamped() == self._stamp:
                return None
            self._stamp, self.pair = self._read()
        except (CertificateError, OSError):
            return None
        return self.pair

    def _stamped(self) -> tuple[int, ...]:
        files = (self._certificate, self._key, self._client_ca)
        return tuple(file.stat().st_mtime_ns for file in files if file is not None)

    def _read(self) -> tuple[tuple[int, ...], KeyPair]:
        """Read the files, and when they were last written, which is asked first."""
        try:
            stamp = self._stamped()
            # gRPC accepts any bytes here, and fails at each connection later.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificate, self._key)
            pair = KeyPair(self._key.read_bytes(), self._certificate.read_bytes())
        except ssl.SSLError as error:
            raise CertificateError(
                f"{self._certificate} and {self._key} are not a PEM certificate and its key: {error.reason}"
            ) from error
        except OSError as error:
            raise CertificateError(f"cannot read the TLS files: {error}") from error
        if self._client_ca is not None:
            _ask_clients(context, self._client_ca)
        self.context = context
        return stamp, pair


def _ask_clients(context: ssl.SSLContext, authorities: Path) -> None:
    """Have clients asked for a certificate of these authorities, which need not be roots."""
    try:
        context.load_verify_locations(authorities)
    except ssl.SSLError as error:
        raise CertificateError(f"{authorities} has no PEM certificates: {error.reason}") from error
    except OSError as error:
        raise CertificateError(f"cannot read {authorities}: {error}") from error
    context.verify_mode = ssl.CERT_OPTIONAL
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
