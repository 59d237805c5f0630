"""Turns the errors of calls into failures that end the command without a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from unisono.client._errors import DeadlineExceeded, Unauthenticated, Unavailable, UnisonoError
from unisono.client.cli.failures import Failure, UsageFailure, warn
from unisono.client.cli.formatting.errors import Attempt, by_options, hint, what_happened
from unisono.client.cli.login.errors import LoginError
from unisono.client.cli.login.reporting import report_login_errors
from unisono.client.cli.service.access import Access
from unisono.client.cli.service.remarks import remarks
from unisono.client.cli.service.tokens import TokenCommandError


def attempt(access: Access) -> Attempt:
    """Return what the texts of errors need to know of a call: where to, and whether as an app."""
    return Attempt(address=access.address, app=access.app, by_login=access.by_login)


@contextmanager
def report_errors(access: Access) -> Iterator[None]:
    """Turn errors in the block into failures, and print the warnings of the SDK on stderr.

    Raises `UsageFailure` for a wrong address or certificate, and `Failure` for a `UnisonoError`, a
    `TokenCommandError`, a `LoginError` and an `OSError`. A broken pipe passes, as all else does.
    """
    try:
        called = attempt(access)
    except ValueError as error:
        raise UsageFailure(by_options(str(error))) from None
    with report_login_errors():
        try:
            with remarks(partial(warn, as_json=access.as_json)):
                yield
        except UnisonoError as error:
            raise failure(error, called) from error
        except TokenCommandError as error:
            raise Failure(str(error), "run it by hand: it must print a token and nothing else") from error


def concerns_all(error: UnisonoError) -> bool:
    """Return whether the next call would fail, too, whatever it is about."""
    return isinstance(error, Unavailable | DeadlineExceeded | Unauthenticated)


def failure(error: UnisonoError, attempt: Attempt) -> Failure:
    """Return the error as the command prints it: what happened, a hint, and details for --json."""
    if isinstance(error.__cause__, LoginError):
        return Failure(str(error.__cause__), error.__cause__.hint)
    details = {
        "code": error.code.name.lower(),
        "reason": error.reason,
        "violations": error.violations,
        "metadata": error.metadata,
        "retry_delay": error.retry_delay,
    }
    return Failure(what_happened(error, attempt), hint(error, attempt), details)
