"""How one setting is defined: its default, unit, meaning and bounds, all in one place."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import Field, ValidationInfo
from pydantic.fields import FieldInfo

SECONDS: Final = "seconds"
DAYS: Final = "days"
BYTES: Final = "bytes"
ITEMS: Final = "items"
ADDRESS: Final = "host:port"
URL: Final = "URL"
FILE: Final = "file"
SWITCH: Final = "true or false"
WORD: Final = "word"
TABLES: Final = "tables"

DAY: Final = 24 * 3600

Number = TypeVar("Number", int, float)


def setting(
    default: Any, unit: str, meaning: str, *, ge: float | None = None, le: float | None = None
) -> Any:
    """A field of the settings. `ge` and `le` are the least and the greatest value that it may take."""
    return Field(default, description=meaning, json_schema_extra={"unit": unit}, ge=ge, le=le)


def unit_of(field: FieldInfo) -> str:
    """The unit that the setting was defined with."""
    extra = field.json_schema_extra
    return str(extra["unit"]) if isinstance(extra, Mapping) else ""


def is_table(field: FieldInfo) -> bool:
    """Whether it is a list of tables: such settings have no flag."""
    return unit_of(field) == TABLES


def at_least(value: Number, info: ValidationInfo, *others: str) -> Number:
    """Refuse a value below the sum of other settings; does not compare with ones that are bad themselves."""
    if all(name in info.data for name in others):
        limit = sum(info.data[name] for name in others)
        if value < limit:
            raise ValueError(f"must be at least {' + '.join(others)}, {limit:g}")
    return value


def at_most(value: Number, info: ValidationInfo, other: str) -> Number:
    """Refuse a value above another setting."""
    if other in info.data and value > info.data[other]:
        raise ValueError(f"must be at most {other}, {info.data[other]:g}")
    return value
