"""Errors that are meant for people end the command, without a traceback; all others are faults of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from unisono.client._errors import UnisonoError
from unisono.client.cli.failures import Failure
from unisono.client.cli.service.tokens import TokenCommandError
from unisono.client.cli.words.errors import hint, what_happened


@contextmanager
def in_words(target: str) -> Iterator[None]:
    """Make failures of them."""
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
