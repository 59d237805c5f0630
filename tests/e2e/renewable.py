"""A certificate of a server in files that are overwritten while it runs."""

import socket
import ssl
from pathlib import Path
from typing import Final

import trustme

from tests.support.http2.trust import trusting
from tests.support.processes import ServerProcess

HOST: Final = "127.0.0.1"


class Renewable:
    """A certificate and its key in the files that the server was told, issued by a root of the tests.

    `issued` are all certificates that the files have had, in DER.
    """

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.root = self.authority.cert_pem.bytes()
        self.certificate, self.key = folder / "certificate.pem", folder / "key.pem"
        self.flags = ("--tls-certificate", self.certificate, "--tls-key", self.key)
        self.key.touch(0o600)
        self.issued: list[bytes] = []
        self.renew()

    def renew(self) -> None:
        """Overwrite both files with a new pair."""
        certificate, key = self.issue()
        self.certificate.write_bytes(certificate)
        self.key.write_bytes(key)
        self.issued.append(ssl.PEM_cert_to_DER_cert(certificate.decode()))

    def issue(self) -> tuple[bytes, bytes]:
        """A new certificate and its key."""
        issued = self.authority.issue_cert(HOST)
        return issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes()

    def presented(self, server: ServerProcess) -> str:
        """The serial number of the certificate that a new connection gets."""
        with (
            socket.create_connection((HOST, port_of(server))) as plain,
            trusting(self.root).wrap_socket(plain, server_hostname=HOST) as connection,
        ):
            assert connection.selected_alpn_protocol() == "h2"
            shown = connection.getpeercert()
            assert shown is not None
            return str(shown["serialNumber"])


def port_of(server: ServerProcess) -> int:
    return int(server.address.removeprefix(f"{HOST}:"))
