"""Errors in words: a line or two on stderr, or an object; and the exit status.

Tracebacks are for faults of the program. Knows nothing of the service, and trusts none of its words.
"""

import os
from collections.abc import Callable, Mapping
from typing import IO, Any, Final

import click

from unisono.client.cli.formatting import json_output
from unisono.client.cli.formatting.texts import one_line

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
        click.echo(f"Error: {one_line(self.message)}", file, err=True)
        if self.hint:
            click.echo(f"Hint: {one_line(self.hint)}", file, err=True)


class UsageFailure(Failure):
    """Wrong arguments, where the usage of the command would not help."""

    exit_code = 2


def wants_json(arguments: list[str]) -> bool:
    """Whether errors are to be objects too, also those of arguments that cannot be parsed."""
    return "--json" in arguments or os.environ.get("UNISONO_JSON", "").lower() in ("1", "true", "yes", "on")


def exit_status(run: Callable[[], object], *, as_json: bool) -> int:
    """Run a command of click that raises its errors; say what it raised; the exit status."""
    try:
        ended = run()
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        say(error, as_json=as_json)
        return error.exit_code
    # click gives the status where it ended itself, as after --help. It ends quietly, with status 1, when
    # nobody reads the output any more.
    return ended if isinstance(ended, int) else 0


def warn(text: str, *, as_json: bool) -> None:
    """Say on stderr what ends nothing."""
    click.echo(
        json_output.json_line({"message": text}) if as_json else f"Warning: {one_line(text)}", err=True
    )


def say(error: click.ClickException, *, as_json: bool) -> None:
    """Say it on stderr."""
    if not as_json:
        error.show()
        return
    hint, details = (error.hint, error.details) if isinstance(error, Failure) else ("", {})
    click.echo(json_output.json_line({"message": error.format_message(), "hint": hint, **details}), err=True)
