"""Errors in words: a line or two on stderr, or an object; and the exit status.

Tracebacks are for faults of the program. Knows nothing of the service.
"""

import os
import sys
from collections.abc import Callable, Mapping
from typing import IO, Any, Final

import click

from unisono.client.cli import shapes

#: What shells give a command that Ctrl-C ended: 128 and the number of SIGINT.
INTERRUPTED: Final = 130


class Failure(click.ClickException):
    """What went wrong, and what to do next. `details` are for programs."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "", details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.details = dict(details or {})

    def show(self, file: IO[Any] | None = None) -> None:
        """Say it on stderr."""
        click.echo(f"Error: {self.message}", file, err=True)
        if self.hint:
            click.echo(f"Hint: {self.hint}", file, err=True)


class UsageFailure(Failure):
    """Wrong arguments, where the usage of the command would not help."""

    exit_code = 2


def exit_status(run: Callable[[], object], *, as_json: bool) -> int:
    """Run a command of click that raises its errors; say what it raised; the exit status."""
    try:
        ended = run()
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        _say(error, as_json=as_json)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read the output has gone. Nothing is left to say, also not when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    # click gives the status where it ended itself, as after --help.
    return ended if isinstance(ended, int) else 0


def _say(error: click.ClickException, *, as_json: bool) -> None:
    if not as_json:
        error.show()
        return
    hint, details = (error.hint, error.details) if isinstance(error, Failure) else ("", {})
    click.echo(shapes.line({"message": error.format_message(), "hint": hint, **details}), err=True)
