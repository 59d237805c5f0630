"""A certificate of a server on this machine, in files, and how its clients trust it."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trustme

from tests.support.http2.trust import trusting

_HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """The files of a certificate and its key, and of the root that clients are to trust."""

    certificate: Path
    key: Path
    root_file: Path

    @property
    def root(self) -> bytes:
        """Return the root, in PEM."""
        return self.root_file.read_bytes()

    @property
    def flags(self) -> tuple[str, ...]:
        """Return the flags by which our server has it."""
        return "--tls-certificate", str(self.certificate), "--tls-key", str(self.key)

    def trust(self) -> ssl.SSLContext:
        """Return the context of a client."""
        return trusting(self.root)


def issued(folder: Path) -> ServerCertificate:
    """Issue one into files of a folder."""
    authority = trustme.CA()
    one = authority.issue_cert(_HOST)
    certificate, key, root = (folder / f"{name}.pem" for name in ("certificate", "key", "root"))
    one.cert_chain_pems[0].write_to_path(certificate)
    key.touch(0o600)
    one.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(root)
    return ServerCertificate(certificate, key, root)
