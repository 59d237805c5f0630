"""Reads the certificates that clients have shown, and tells the log why others are refused."""

import ssl
from collections.abc import Callable
from typing import Final, cast

import structlog

from unisono.server.api.sampling import CountingSampler
from unisono.server.model.client_certificate import MOST_NAMES, ClientCertificate, thumbprint_of

log = structlog.get_logger(__name__)


class UnreadableCertificate(Exception):
    """A certificate of a trusted authority cannot be read. The message says why."""


def certificate_of(tls: ssl.SSLObject) -> ClientCertificate | None:
    """Return the certificate that the client has shown, None where it has shown none.

    The handshake is over, so that OpenSSL has verified it. Raises `UnreadableCertificate`.
    """
    der = tls.getpeercert(binary_form=True)
    if der is None:
        return None
    try:
        read = tls.getpeercert() or {}
        names = cast("tuple[tuple[str, str], ...]", read.get("subjectAltName", ()))
        expires = ssl.cert_time_to_seconds(str(read["notAfter"]))
    except ValueError:
        raise UnreadableCertificate("it has a name that is no text") from None
    if len(names) > MOST_NAMES:
        raise UnreadableCertificate(f"it has {len(names)} names; at most {MOST_NAMES} are allowed")
    return ClientCertificate(
        thumbprint=thumbprint_of(der),
        dns_names=tuple(name.lower() for kind, name in names if kind == "DNS"),
        uris=tuple(name for kind, name in names if kind == "URI"),
        expire_time=expires * 1000,
    )


class RefusalLog:
    """Logs why certificates are refused: so many a second, and then how many were left out."""

    __slots__ = ("_sampler",)

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._sampler: Final = CountingSampler[str](monotonic, _sum_up)

    def refused(self, why: str) -> None:
        """Log a refusal; `why` has nothing of the certificate in it."""
        if self._sampler.takes("client certificate refused"):
            log.info("client certificate refused", error=why)


def _sum_up(kind: str, count: int) -> None:
    log.info("lines left out", of=kind, count=count)
