"""Reads what a client needs to accept the certificate of the server itself, and no other."""

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from unisono.server.app.asking.own_server import OwnServerError


def own_certificate(file: Path) -> tuple[bytes, str]:
    """Return the first certificate of a PEM file, to be trusted alone, and a name that it is good for.

    Raises `OwnServerError` where there is none, it has expired, or it names nobody.
    """
    try:
        certificate = x509.load_pem_x509_certificates(file.read_bytes())[0]
    except OSError as error:
        raise OwnServerError(f"cannot read {file}: {error.strerror or error}") from error
    except ValueError as error:
        raise OwnServerError(f"{file} is not a PEM certificate") from error
    ended = certificate.not_valid_after_utc
    if ended < datetime.now(UTC):
        raise OwnServerError(
            f"the certificate {file} has expired, at {ended:%Y-%m-%d %H:%M} UTC: no client gets in"
        )
    return certificate.public_bytes(Encoding.PEM), _name(certificate, file)


def _name(certificate: x509.Certificate, file: Path) -> str:
    """Return one of the names that clients may call the server by."""
    try:
        others = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = [str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    else:
        addresses = map(str, others.get_values_for_type(x509.IPAddress))
        names = [*others.get_values_for_type(x509.DNSName), *addresses]
    if not names:
        raise OwnServerError(f"the certificate {file} names no host")
    # One with a star stands for any name in its place.
    return names[0].replace("*", "any")
