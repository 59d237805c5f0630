"""Why no connection could be made, from the message of gRPC. Pure functions."""

from dataclasses import dataclass
from typing import Final

from unisono.client._errors import Unavailable

#: The beginning of gRPC's message when no connection is made. What follows names addresses and layers.
_NO_CONNECTION: Final = "failed to connect to all addresses"

#: The codes of BoringSSL for an answer that is no TLS, and for a certificate that it does not trust.
_NO_TLS: Final = "WRONG_VERSION_NUMBER"
_NOT_TRUSTED: Final = "CERTIFICATE_VERIFY_FAILED"

#: The messages of gRPC when a server that serves TLS is called without.
_HUNG_UP: Final = ("Socket closed", "Connection reset by peer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A call of which an error speaks: its target, with or without TLS, as an app or as a user."""

    target: str
    tls: bool
    app: bool


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why no connection could be made, and what to do next.

    `known` is false where the message of gRPC says more.
    """

    what: str
    hint: str
    known: bool = True


def diagnose(error: Exception, attempt: Attempt) -> Diagnosis | None:
    """Return why no connection could be made; None for any other error."""
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
