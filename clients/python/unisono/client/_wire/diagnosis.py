"""Why calls fail, and what to do next: the same for the SDK's log and for the command. Pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from unisono.client._errors import TlsFailed, Unavailable, UnisonoError
from unisono.client._hints import by_reason
from unisono.client._tls import NO_CONNECTION, PROBLEMS
from unisono.client._wire.address import Address
from unisono.client._wire.proxies import proxy_variable
from unisono.client._wire.targets import hosts_of

#: The messages of gRPC when whoever answers ends the connection at once, without a word: in the clear, and
#: after a handshake of TLS 1.3, in different versions of gRPC.
_HUNG_UP: Final = ("Socket closed", "Connection reset by peer", "Unwrap failed", "Secure read failed")

#: How gRPC begins when a name has no address, in different versions.
_NO_ADDRESS: Final = ("DNS resolution failed", "errors resolving")

_NO_GRPC: Final = "Trying to connect an http1.x server"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why no connection could be made, and what to do next.

    `known` is false where the message of gRPC says more.
    """

    what: str
    hint: str
    known: bool = True


def diagnose(error: Exception, address: Address, words: Mapping[str, str]) -> Diagnosis | None:
    """Return why no connection to an address could be made; None for any other error.

    `words` are the names of settings, as in `_hints.ARGUMENTS`.
    """
    found = _found(error, address, words)
    variable = proxy_variable(address)
    if found is None or not variable:
        return found
    about = _about_proxy(variable, address, words)
    hint = f"{found.hint}; {about}" if found.known else about
    return Diagnosis(f"{found.what}, through a proxy", hint, found.known)


def next_step(error: UnisonoError, address: Address, words: Mapping[str, str]) -> str:
    """Return what to do about a call that failed and may be repeated; empty where the error says it all."""
    problem = diagnose(error, address, words)
    if problem:
        return problem.hint
    up = f"is the server at {address.target} up?"
    return by_reason(error) or (up if isinstance(error, Unavailable) else "")


def _found(error: Exception, address: Address, words: Mapping[str, str]) -> Diagnosis | None:
    if isinstance(error, TlsFailed):
        problem = PROBLEMS[error.metadata["problem"]]
        what = problem.what.format(server=f"the server at {address.target}")
        return Diagnosis(what, problem.hint.format_map(words))
    if not isinstance(error, Unavailable):
        return None
    if error.message.startswith(_NO_ADDRESS):
        return Diagnosis(f"{address.target} has no address", "is the name right, and is there a network?")
    if error.message.startswith(NO_CONNECTION):
        return _no_connection(error.message, address, words)
    return None


def _no_connection(message: str, address: Address, words: Mapping[str, str]) -> Diagnosis:
    server = f"the server at {address.target}"
    hung_up = any(mark in message for mark in _HUNG_UP)
    if _NO_GRPC in message:
        return Diagnosis(f"{server} speaks HTTP/1, and no gRPC", "is it the right port?")
    if hung_up and not address.encrypted:
        hint = "give {tls} if it does".format_map(words)
        return Diagnosis(f"{server} hangs up at once, as one does that serves TLS", hint)
    hint = f"is {server} up?"
    if hung_up:
        hint += " does it ask for {client_certificate} and {client_key}, or for others?".format_map(words)
    return Diagnosis(f"no connection to {address.target}", hint, known=False)


def _about_proxy(variable: str, address: Address, words: Mapping[str, str]) -> str:
    host, *_ = hosts_of(address.target)
    return (
        f"calls go through the proxy that {variable} names: does it let them pass? "
        f"{words['no_proxy']}, or {host} in no_proxy, goes past it"
    )
