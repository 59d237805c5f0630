"""How a command shows errors: as a line or two on stderr, or as a JSON object; and its exit status.

Tracebacks are for faults of the program. Texts of the service are shown without control characters.
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
    """An error that ends a command: what went wrong, and what to do next. `details` are for --json only."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "", details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.details = dict(details or {})

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message and the hint on stderr, each in one line."""
        click.echo(f"Error: {one_line(self.message)}", file, err=True)
        if self.hint:
            click.echo(f"Hint: {one_line(self.hint)}", file, err=True)


class UsageFailure(Failure):
    """The error of wrong arguments, where the usage of the command would not help."""

    exit_code = 2


def wants_json(arguments: list[str]) -> bool:
    """Return whether errors are to be JSON objects, also those of arguments that cannot be parsed."""
    return "--json" in arguments or os.environ.get("UNISONO_JSON", "").lower() in ("1", "true", "yes", "on")


def exit_status(run: Callable[[], object], *, as_json: bool) -> int:
    """Run a command of click that raises its errors, print the error if any, and return the exit status.

    The status is 130 after Ctrl-C. Other exceptions than those of click pass.
    """
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
    """Print a warning on stderr, as text or as a JSON object; the command goes on."""
    click.echo(
        json_output.json_line({"message": text}) if as_json else f"Warning: {one_line(text)}", err=True
    )


def say(error: click.ClickException, *, as_json: bool) -> None:
    """Print an error on stderr, as text or as one JSON object: message, hint, and details."""
    if not as_json:
        error.show()
        return
    hint, details = (error.hint, error.details) if isinstance(error, Failure) else ("", {})
    click.echo(json_output.json_line({"message": error.format_message(), "hint": hint, **details}), err=True)
