"""Describes all settings, for people and programs, without secrets."""

from dataclasses import dataclass
from typing import Any

from unisono.server.config.load import Loaded
from unisono.server.config.setting import unit_of
from unisono.server.config.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingInfo:
    """One setting as `unisono-server config` shows it.

    `value` and `default` are JSON values with secrets masked. `origin` is "default", or the flag, variable or
    file that gave the value.
    """

    name: str
    value: Any
    unit: str
    default: Any
    origin: str
    meaning: str


def describe(loaded: Loaded) -> list[SettingInfo]:
    """Return every setting, in the order of definition."""
    values = loaded.settings.model_dump(mode="json")
    defaults = Settings().model_dump(mode="json")
    return [
        SettingInfo(
            name=name,
            value=values[name],
            unit=unit_of(field),
            default=defaults[name],
            origin=loaded.origins.get(name, "default"),
            meaning=field.description or "",
        )
        for name, field in Settings.model_fields.items()
    ]
