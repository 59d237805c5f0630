"""Errors of the service in the words of the command. Pure."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from unisono.client._errors import Unavailable, UnisonoError
from unisono.client.cli.failures import Failure
from unisono.client.cli.hints import hint
from unisono.client.cli.printable import one_line
from unisono.client.cli.token_command import TokenCommandError

#: How gRPC begins when no connection comes about. What follows names addresses and layers.
_NO_CONNECTION: Final = "failed to connect to all addresses"


@contextmanager
def in_words(target: str) -> Iterator[None]:
    """Errors that are meant for people end the command, without a traceback."""
    try:
        yield
    except UnisonoError as error:
        raise failure(error, target) from error
    except TokenCommandError as error:
        raise Failure(str(error), "run it by hand: it must print a token and nothing else") from error
    except BrokenPipeError:
        raise
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        raise Failure(f"{named}{error.strerror or error}") from error


def failure(error: UnisonoError, target: str) -> Failure:
    """The error as the command says it: what happened in one line, what to do, and all of it for programs."""
    details = {
        "code": error.code.name.lower(),
        "reason": error.reason,
        "violations": error.violations,
        "metadata": error.metadata,
        "retry_delay": error.retry_delay,
    }
    return Failure(what_happened(error), hint(error, target), details)


def what_happened(error: UnisonoError) -> str:
    """The message, and each bad field that it does not name itself."""
    said = str(error)
    named = (f"{field}: {what}" for field, what in error.violations.items())
    return one_line("; ".join([said, *(text for text in named if text not in said)]))


def brief(error: Exception, target: str) -> str:
    """The same where there is little room."""
    if isinstance(error, Unavailable) and error.message.startswith(_NO_CONNECTION):
        return f"no connection to {target}"
    return what_happened(error) if isinstance(error, UnisonoError) else one_line(str(error))
