"""Defines one setting: its default, unit, meaning and bounds, all in one place."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import Field, ValidationInfo
from pydantic.fields import FieldInfo

SECONDS: Final = "seconds"
DAYS: Final = "days"
BYTES: Final = "bytes"
ITEMS: Final = "items"
SHARE: Final = "0 to 1"
ADDRESS: Final = "host:port"
URL: Final = "URL"
FILE: Final = "file"
SWITCH: Final = "true or false"
WORD: Final = "word"
NETWORKS: Final = "networks"
TABLES: Final = "tables"

DAY: Final = 24 * 3600

Number = TypeVar("Number", int, float)


def setting(
    default: Any, unit: str, meaning: str, *, ge: float | None = None, le: float | None = None
) -> Any:
    """Return a pydantic field for one setting. The value must be from `ge` to `le`, both included.

    `unit` is one of the constants above; `meaning` is shown to operators, by `--help` and `unisono-server
    config`.
    """
    return Field(default, description=meaning, json_schema_extra={"unit": unit}, ge=ge, le=le)


def unit_of(field: FieldInfo) -> str:
    """Return the unit that the setting was defined with."""
    extra = field.json_schema_extra
    return str(extra["unit"]) if isinstance(extra, Mapping) else ""


def is_table(field: FieldInfo) -> bool:
    """Return whether the setting is a list of tables, which has no flag."""
    return unit_of(field) == TABLES


def at_least(value: Number, info: ValidationInfo, *others: str) -> Number:
    """Return the value. Raises `ValueError` if it is below the sum of other settings.

    Nothing is compared where one of the others is invalid itself.
    """
    if all(name in info.data for name in others):
        limit = sum(info.data[name] for name in others)
        if value < limit:
            raise ValueError(f"must be at least {' + '.join(others)}, {limit:g}")
    return value


def at_most(value: Number, info: ValidationInfo, other: str) -> Number:
    """Return the value. Raises `ValueError` if it is above another setting that is valid itself."""
    if other in info.data and value > info.data[other]:
        raise ValueError(f"must be at most {other}, {info.data[other]:g}")
    return value
