"""Errors in words: a line or two on stderr, and the exit status. Tracebacks are for faults of the program."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from unisono.server.config import InvalidSettings
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.store.base import StoreError


class ConfigurationError(click.ClickException):
    """Wrong arguments or settings."""

    exit_code = 2


class Commands(click.Group):
    """The commands, under which errors of the layers below become messages."""

    def invoke(self, ctx: click.Context) -> Any:
        with report_errors():
            return super().invoke(ctx)


@contextmanager
def report_errors() -> Iterator[None]:
    """Errors that are meant for the operator end the command, without a traceback."""
    try:
        yield
    except (InvalidSettings, AccessMisconfigured) as error:
        raise ConfigurationError(str(error)) from error
    except StoreError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        raise click.ClickException(f"{named}{error.strerror or error}") from error
