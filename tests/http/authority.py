"""Certificates of tests, and how clients trust them."""

import ssl
from datetime import datetime
from functools import cached_property
from pathlib import Path

import trustme

from tests.http.listening import HOST
from unisono.server.api.tls import Certificate


class Authority:
    """Issues the certificate of a server, in files that can be renewed.

    `client_ca` is the file of those whose clients the server is to ask for certificates.
    """

    def __init__(self, folder: Path, client_ca: Path | None = None) -> None:
        self._client_ca = client_ca
        self._ca = trustme.CA()
        self._files = folder / "certificate.pem", folder / "key.pem"
        self.renew()

    @cached_property
    def certificate(self) -> Certificate:
        """What the files have, as the server reads them."""
        return Certificate(*self._files, self._client_ca)

    @property
    def root(self) -> bytes:
        """What clients trust, as PEM."""
        return self._ca.cert_pem.bytes()

    def renew(self, not_after: datetime | None = None) -> None:
        """Put a new certificate and its key into the files."""
        issued = self._ca.issue_cert(HOST, not_after=not_after)
        self._files[0].write_bytes(issued.cert_chain_pems[0].bytes())
        self._files[1].write_bytes(issued.private_key_pem.bytes())

    def client(self, *protocols: str) -> ssl.SSLContext:
        """Return the context of a client that trusts the server, and offers protocols (ALPN)."""
        context = ssl.create_default_context(cadata=self._ca.cert_pem.bytes().decode())
        if protocols:
            context.set_alpn_protocols(protocols)
        return context
