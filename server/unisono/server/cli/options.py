"""Flags made from the settings, one for each that is not a table, and the settings loaded from them."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from unisono.server.config import Loaded, Settings, load
from unisono.server.config.setting import SWITCH, is_table, unit_of
from unisono.server.config.sources import flag_of

Command = TypeVar("Command", bound=Callable[..., Any])

SHOWN: Final = (
    "listen",
    "store",
    "dev",
    "dev_key_on_any_address",
    "tls_certificate",
    "tls_key",
    "log_level",
    "log_format",
)
"""The flags that `--help` lists; the others have the names that `unisono-server config` prints."""

_SCALARS: Final = [name for name, field in Settings.model_fields.items() if not is_table(field)]


def timeout_option(command: Command) -> Command:
    """Decorate a command that asks the running server with `--timeout`."""
    return click.option(
        "--timeout",
        type=click.FloatRange(0, 3600, min_open=True),
        default=3.0,
        show_default=True,
        metavar="SECONDS",
        help="how long an answer may take",
    )(command)


def all_settings(command: Command) -> Command:
    """Decorate a command with a flag for each setting and `--config`; `--help` shows the common ones."""
    return _with(command, [*SHOWN, *(name for name in _SCALARS if name not in SHOWN)])


def store_setting(command: Command) -> Command:
    """Decorate a command with the flags `--store` and `--config`."""
    return _with(command, ["store"])


def access_settings(command: Command) -> Command:
    """Decorate a command with the flags that say whose tokens are accepted, and `--config`."""
    return _with(command, ["store", "dev"])


def loaded(config: Path | None, flags: Mapping[str, Any]) -> Loaded:
    """Load the settings from flags, environment and file, and print warnings on standard error.

    Raises `InvalidSettings`, which names all problems.
    """
    result = load(flags, os.environ, config)
    for warning in result.warnings:
        click.echo(f"Warning: environment: {warning}", err=True)
    return result


def _with(command: Command, names: Iterable[str]) -> Command:
    file = click.Path(path_type=Path)
    options = [_option(name) for name in names]
    options.append(
        click.option(
            "--config", type=file, metavar="FILE", envvar="UNISONO_CONFIG", help="TOML file with settings"
        )
    )
    for option in reversed(options):
        command = option(command)
    return command


def _option(name: str) -> Callable[[Command], Command]:
    field = Settings.model_fields[name]
    hidden, unit = name not in SHOWN, unit_of(field)
    flag, default = flag_of(name), field.default
    meaning = f"{field.description}" + ("" if default in (None, False, ()) else f" [default: {default}]")
    if unit == SWITCH:
        both = f"{flag}/--no-{flag.removeprefix('--')}"
        return click.option(both, name, default=None, hidden=hidden, help=meaning)
    return click.option(flag, name, metavar=unit.upper(), hidden=hidden, help=meaning)
