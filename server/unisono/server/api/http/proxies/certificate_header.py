"""The certificate of a client in a header, as proxies write it that have ended TLS and verified it."""

from base64 import b64decode
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from unisono.server.api.http.exchange import Headers
from unisono.server.model.client_certificate import MOST_NAMES, ClientCertificate, thumbprint_of

LONGEST: Final = 16 * 1024
"""Bytes of a value. What is longer is not read."""

_PEM: Final = b"-----BEGIN"


def certificate_in(headers: Headers, header: bytes) -> ClientCertificate | None:
    """Return the certificate in the only header of this name; None where there is none that can be read.

    The value is DER in base64, with colons around it (RFC 9440, section 2.1) or without, or PEM with
    percent-encoding, of which the first certificate counts.
    """
    values = [value for name, value in headers if name == header]
    return _certificate(values[0]) if len(values) == 1 and len(values[0]) <= LONGEST else None


@lru_cache(maxsize=256)
def _certificate(value: bytes) -> ClientCertificate | None:
    try:
        read = _read(value)
        names, expires = _names(read), read.not_valid_after_utc
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return None
    if len(names) > MOST_NAMES:
        return None
    return ClientCertificate(
        thumbprint=thumbprint_of(read.public_bytes(Encoding.DER)),
        dns_names=tuple(name.value.lower() for name in names if isinstance(name, x509.DNSName)),
        uris=tuple(name.value for name in names if isinstance(name, x509.UniformResourceIdentifier)),
        expire_time=int(expires.timestamp()) * 1000,
    )


def _read(value: bytes) -> x509.Certificate:
    if value.startswith(_PEM):
        return x509.load_pem_x509_certificate(unquote_to_bytes(value))
    if value[:1] == b":" == value[-1:]:
        value = value[1:-1]
    return x509.load_der_x509_certificate(b64decode(value, validate=True))


def _names(certificate: x509.Certificate) -> list[x509.GeneralName]:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return []
