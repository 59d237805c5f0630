"""Why TLS could not be set up, as gRPC's messages show it. Pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from unisono.client._errors import TlsFailed
from unisono.client._hints import ARGUMENTS

#: How gRPC begins when it could make no connection. What follows names addresses and layers.
NO_CONNECTION: Final = "failed to connect to all addresses"

_CLOCK: Final = "renew it there, unless the clock of this machine is wrong"


@dataclass(frozen=True, slots=True)
class TlsProblem:
    """What is wrong with a `{server}`, and what to do; any of `marks` in gRPC's message shows it."""

    marks: tuple[str, ...]
    what: str
    hint: str


#: By `TlsFailed.metadata["problem"]`; the first whose mark is there. Marks are BoringSSL's, and gRPC's own.
PROBLEMS: Final[Mapping[str, TlsProblem]] = {
    "SERVER_WITHOUT_TLS": TlsProblem(
        ("WRONG_VERSION_NUMBER",), "{server} does not speak TLS", "leave out {tls} and {root_certificates}"
    ),
    "CERTIFICATE_EXPIRED": TlsProblem(
        ("certificate has expired",), "the certificate of {server} has expired", _CLOCK
    ),
    "CERTIFICATE_NOT_YET_VALID": TlsProblem(
        ("certificate is not yet valid",), "the certificate of {server} is not valid yet", _CLOCK
    ),
    "CERTIFICATE_NOT_TRUSTED": TlsProblem(
        ("CERTIFICATE_VERIFY_FAILED",),
        "the certificate of {server} is not trusted",
        "{root_certificates} names those to trust instead of this machine's",
    ),
    "CERTIFICATE_OF_ANOTHER_HOST": TlsProblem(
        # The second is what gRPC says before version 1.80 or so.
        ("Hostname Verification Check failed", "is not in peer certificate"),
        "the certificate of {server} is for another host",
        "call it by a name that the certificate has, or have it issued for this one",
    ),
    "CLIENT_CERTIFICATE_REFUSED": TlsProblem(
        # What servers say up to TLS 1.2; later they hang up.
        ("ALERT_HANDSHAKE_FAILURE", "ALERT_UNKNOWN_CA", "ALERT_BAD_CERTIFICATE", "ALERT_CERTIFICATE_"),
        "{server} asks for a client certificate, or refuses this one",
        "{client_certificate} and {client_key} must be of an authority that it trusts",
    ),
    "CERTIFICATES_UNUSABLE": TlsProblem(
        ("Failed to create security handshaker",),
        "the certificates for the connection to {server} cannot be used",
        "is {root_certificates} damaged, or is {client_key} not that of {client_certificate}?",
    ),
}


def tls_failure(message: str) -> TlsFailed | None:
    """Return the exception for a message of gRPC that shows why TLS could not be set up; None for others."""
    if not message.startswith(NO_CONNECTION):
        return None
    for name, problem in PROBLEMS.items():
        if any(mark in message for mark in problem.marks):
            text = f"{problem.what}: {problem.hint}".format(server="the server", **ARGUMENTS)
            return TlsFailed(text, metadata={"problem": name})
    return None
