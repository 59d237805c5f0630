"""All settings in words, for people and programs. Shows no secrets."""

from dataclasses import dataclass
from typing import Any

from unisono.server.config.load import Loaded
from unisono.server.config.setting import unit_of
from unisono.server.config.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingInfo:
    """One setting. `value` and `default` are JSON values; secrets in them are masked."""

    name: str
    value: Any
    unit: str
    default: Any
    origin: str
    meaning: str


def describe(loaded: Loaded) -> list[SettingInfo]:
    """Every setting, in the order of their definition."""
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
