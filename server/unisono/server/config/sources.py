"""Reads the values of settings from their sources: flags, environment variables, and a TOML file."""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from unisono.server.config.issuer_table import holds_secret
from unisono.server.config.problems import InvalidSettings, unknown_name
from unisono.server.config.secret_files import accessible_to_all_users, exposed
from unisono.server.config.setting import is_table
from unisono.server.config.settings import Settings

PREFIX: Final = "UNISONO_"

OTHER_VARIABLES: Final = frozenset(
    f"{PREFIX}{name}"
    for name in (
        *("CONFIG", "TARGET", "TOKEN", "TOKEN_COMMAND", "CLEARTEXT"),
        *("TLS", "ROOT_CERTIFICATES", "TIMEOUT", "JSON"),
    )
)
"""Variables that are no settings: the name of the file, and the options of the client's command."""


@dataclass(slots=True)
class Source:
    """The settings that one source gave, and what is wrong with it.

    `values` and `origins` are by setting. `unknown` has messages about names that are no settings, `exposed`
    about files whose secrets every user of the machine may read.
    """

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    exposed: list[str] = field(default_factory=list)


def flag_of(name: str) -> str:
    """Return the flag of a setting, such as `--tls-key`."""
    return "--" + name.replace("_", "-")


def variable_of(name: str) -> str:
    """Return the environment variable of a setting, such as `UNISONO_TLS_KEY`."""
    return PREFIX + name.upper()


def _setting_of(variable: str) -> str:
    return variable.removeprefix(PREFIX).lower()


def from_flags(flags: Mapping[str, Any]) -> Source:
    """Return the flags that were given as a source; the others are None in `flags`."""
    values = {name: value for name, value in flags.items() if value is not None}
    return Source(values, {name: f"flag {flag_of(name)}" for name in values})


def from_environment(environ: Mapping[str, str]) -> Source:
    """Return the settings of the variables that begin with `UNISONO_` and are not empty.

    Tables are written in JSON. Raises `InvalidSettings` when one is not JSON.
    """
    ours = {name: text for name, text in environ.items() if name.startswith(PREFIX) and text}
    known = {variable_of(name): name for name in Settings.model_fields}
    values = {known[name]: _value(name, text) for name, text in ours.items() if name in known}
    others = sorted(ours.keys() - known.keys() - OTHER_VARIABLES)
    unknown = [f"{name}: {unknown_name(_setting_of(name), Settings.model_fields)}" for name in others]
    return Source(values, {name: f"environment {variable_of(name)}" for name in values}, unknown)


def _value(variable: str, text: str) -> Any:
    if not is_table(Settings.model_fields[_setting_of(variable)]):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidSettings([f"{variable} is not JSON: {error}"]) from error


def from_file(file: Path | None) -> Source:
    """Return the top-level keys of a TOML file; nothing without a file.

    Raises `InvalidSettings` when the file cannot be read or is not TOML.
    """
    if file is None:
        return Source()
    try:
        with file.open("rb") as opened:
            mode, content = os.fstat(opened.fileno()).st_mode, tomllib.load(opened)
    except OSError as error:
        raise InvalidSettings([f"{file} cannot be read: {error.strerror}"]) from error
    except ValueError as error:
        raise InvalidSettings([f"{file} is not TOML: {error}"]) from error
    known = Settings.model_fields
    values = {name: value for name, value in content.items() if name in known}
    unknown = [f"{file}: {unknown_name(name, known)}" for name in content if name not in known]
    readable = accessible_to_all_users(mode) and holds_secret(content)
    problems = [exposed(file, "the secret of an issuer")] if readable else []
    return Source(values, dict.fromkeys(values, f"file {file}"), unknown, problems)
