"""Loads the settings: a flag precedes the environment, that the file, and that the default."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from unisono.server.config.problems import InvalidSettings, problems_of
from unisono.server.config.settings import Settings
from unisono.server.config.sources import from_environment, from_file, from_flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The settings, and where they come from.

    `origins` has, by name, the origin of each setting that was given a value. `warnings` are lines for the
    operator.
    """

    settings: Settings
    origins: Mapping[str, str]
    warnings: tuple[str, ...] = ()


def load(flags: Mapping[str, Any], environ: Mapping[str, str], file: Path | None = None) -> Loaded:
    """Read all sources and return the settings. Raises `InvalidSettings`, which names all problems at once.

    `flags` has values by setting, None where not given. A key of the file that is no setting is an error; an
    environment variable that is none is only a warning, since other programs may use it. A file with the
    secret of an issuer that every user of the machine may read is an error.
    """
    filed, environment, flagged = from_file(file), from_environment(environ), from_flags(flags)
    values = filed.values | environment.values | flagged.values
    origins = filed.origins | environment.origins | flagged.origins
    settings, problems = _settings(values, origins)
    wrong = [*filed.exposed, *filed.unknown, *problems]
    if settings is None or wrong:
        raise InvalidSettings(wrong)
    return Loaded(settings=settings, origins=origins, warnings=tuple(environment.unknown))


def _settings(values: Mapping[str, Any], origins: Mapping[str, str]) -> tuple[Settings | None, list[str]]:
    try:
        return Settings(**values), []
    except ValidationError as error:
        return None, problems_of(error, Settings.model_fields, origins)
