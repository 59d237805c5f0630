"""What is the matter with a connection, from how gRPC puts it. Pure."""

from dataclasses import dataclass
from typing import Final

from unisono.client._errors import Unavailable

#: How gRPC begins when no connection comes about. What follows names addresses and layers.
_NO_CONNECTION: Final = "failed to connect to all addresses"

#: What BoringSSL says of an answer that is no TLS, and of a certificate that leads to none it trusts.
_NO_TLS: Final = "WRONG_VERSION_NUMBER"
_NOT_TRUSTED: Final = "CERTIFICATE_VERIFY_FAILED"

#: How a server that serves TLS takes it to be called without.
_HUNG_UP: Final = ("Socket closed", "Connection reset by peer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What was called, how, and as whom: an app, or a user."""

    target: str
    tls: bool
    app: bool


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is the matter, and what to do next. `known` is false where gRPC's own words say more."""

    what: str
    hint: str
    known: bool = True


def diagnose(error: Exception, attempt: Attempt) -> Diagnosis | None:
    """Why no connection came about; None if one did."""
    if not isinstance(error, Unavailable) or not error.message.startswith(_NO_CONNECTION):
        return None
    server = f"the server at {attempt.target}"
    if _NO_TLS in error.message:
        return Diagnosis(f"{server} does not speak TLS", "leave out --tls and --root-certificates")
    if _NOT_TRUSTED in error.message:
        return Diagnosis(
            f"the certificate of {server} is not trusted",
            "--root-certificates FILE names those to trust instead of this machine's",
        )
    if not attempt.tls and any(words in error.message for words in _HUNG_UP):
        return Diagnosis(f"{server} hangs up at once, as one does that serves TLS", "give --tls if it does")
    return Diagnosis(f"no connection to {attempt.target}", f"is {server} up?", known=False)
