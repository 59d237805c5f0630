"""Reports errors to the operator: a line or two on standard error, and the exit status.

A traceback appears only for faults of the program.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from unisono.server.app.asking.own_server import OwnServerError
from unisono.server.config import InvalidSettings
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.store.base import StoreError


class ConfigurationError(click.ClickException):
    """Arguments or settings are wrong. Exit status 2."""

    exit_code = 2


class Commands(click.Group):
    """A group of commands that reports the errors of the layers below with `report_errors`."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; see `click.Group.invoke`."""
        with report_errors():
            return super().invoke(ctx)


@contextmanager
def report_errors() -> Iterator[None]:
    """Turn errors that are meant for the operator into click's, which end the command without a traceback.

    Wrong settings, also those of access, exit with status 2, errors of the store, of the running server
    and of the system with 1.
    """
    try:
        yield
    except (InvalidSettings, AccessMisconfigured) as error:
        raise ConfigurationError(str(error)) from error
    except (StoreError, OwnServerError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        raise click.ClickException(f"{named}{error.strerror or error}") from error
