"""Turns what goes wrong with a login into failures that end the command without a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

from unisono.client.cli.failures import Failure
from unisono.client.cli.login.errors import LoginError, Refused


@contextmanager
def report_login_errors() -> Iterator[None]:
    """Turn what goes wrong with a login, and with files, into failures. A broken pipe passes."""
    try:
        yield
    except LoginError as error:
        details = {"code": error.code} if isinstance(error, Refused) else None
        raise Failure(str(error), error.hint, details) from error
    except BrokenPipeError:
        raise
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        raise Failure(f"{named}{error.strerror or error}") from error
