"""The SDK's values as JSON, under the names of the proto: what --json prints, and the choices of options.

Enums are their lower-case names, times RFC 3339 in UTC, durations seconds, bytes base64.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

Member = TypeVar("Member", bound=Enum)


def name_of(member: Enum) -> str:
    """Return the name of an enum's member in lower case."""
    return member.name.lower()


def names_of(kind: Iterable[Enum]) -> list[str]:
    """Return the names that can be chosen: of all members but UNSPECIFIED, in their order."""
    return [name_of(member) for member in kind if member.value]


def member_of(kind: type[Member], name: str) -> Member:
    """Return the member with this name, in any case. Raises `KeyError` for an unknown one."""
    return kind[name.upper()]


def json_line(value: Mapping[str, Any]) -> str:
    """Return an object as JSON in one line.

    In ASCII, which suits any locale, and with which no title controls a terminal.
    """
    return json.dumps(value, separators=(",", ":"))


def to_json(value: object) -> dict[str, Any]:
    """Return a dataclass of the SDK as a JSON object. Raises `TypeError` for any other value."""
    if not is_dataclass(value):
        raise TypeError(f"{value!r} is no dataclass")
    return {field.name: plain(getattr(value, field.name)) for field in fields(value)}


def plain(value: Any) -> Any:
    """Return a value of a dataclass of the SDK as JSON has it."""
    if isinstance(value, Enum):
        return name_of(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return to_json(value) if is_dataclass(value) else value
