"""An authority that issues certificates for clients, of every kind that one may show."""

import ssl
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from unisono.client import ConnectionOptions

_BEFORE: Final = datetime(2020, 1, 1, tzinfo=UTC)

#: Far behind the time of the machine, and of a held clock.
AFTER: Final = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A certificate of a client and its key, as PEM; `thumbprint` is its `x5t#S256`."""

    certificate: bytes
    key: bytes
    thumbprint: str

    def use(self, context: ssl.SSLContext, folder: Path) -> ssl.SSLContext:
        """Have a context show it. Its file is in the folder."""
        file = folder / f"{self.thumbprint}.pem"
        file.write_bytes(self.certificate + self.key)
        context.load_cert_chain(file)
        return context

    def options(self, root: bytes) -> ConnectionOptions:
        """Return the options of a client of the SDK that shows it, and trusts a root."""
        return ConnectionOptions(
            root_certificates=root, client_certificate=self.certificate, client_key=self.key
        )


class ClientAuthority:
    """Issues certificates; `pem` is its own, by which a server trusts it. One below another is no root."""

    def __init__(self, name: str = "The authority of the clients", above: "ClientAuthority | None" = None):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _named(name)
        issuer, signer = (self.name, self.key) if above is None else (above.name, above.key)
        built = _builder(self.name, issuer, self.key, AFTER).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.pem = built.sign(signer, SHA256()).public_bytes(Encoding.PEM)

    def dns(self, *names: str, until: datetime = AFTER, common_name: str = "") -> Shown:
        """Issue one with these names of hosts."""
        return self.issue([x509.DNSName(name) for name in names], until=until, common_name=common_name)

    def uri(self, *uris: str) -> Shown:
        """Issue one with these URIs."""
        return self.issue([x509.UniformResourceIdentifier(uri) for uri in uris])

    def issue(
        self, names: Sequence[x509.GeneralName], *, until: datetime = AFTER, common_name: str = ""
    ) -> Shown:
        """Issue one with these names; without any it has none but its subject."""
        extension = x509.SubjectAlternativeName(names) if names else None
        return self.with_extension(extension, until=until, common_name=common_name)

    def with_extension(
        self,
        extension: x509.ExtensionType | None,
        *,
        until: datetime = AFTER,
        common_name: str = "",
        usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH,
    ) -> Shown:
        """Issue one with this extension, for this usage."""
        key = ec.generate_private_key(ec.SECP256R1())
        built = _builder(_named(common_name or "a client"), self.name, key, until)
        built = built.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if extension is not None:
            built = built.add_extension(extension, critical=False)
        return _shown(built.sign(self.key, SHA256()), key)


def self_signed(*names: str) -> Shown:
    """Return a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    built = _builder(_named("myself"), _named("myself"), key, AFTER)
    san = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    return _shown(built.add_extension(san, critical=False).sign(key, SHA256()), key)


def _builder(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(_BEFORE, until - timedelta(days=1)))
        .not_valid_after(until)
    )


def _shown(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Shown:
    return Shown(
        certificate=certificate.public_bytes(Encoding.PEM),
        key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        thumbprint=urlsafe_b64encode(certificate.fingerprint(SHA256())).decode().rstrip("="),
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
