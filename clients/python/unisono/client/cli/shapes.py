"""What --json prints: the SDK's dataclasses as JSON, under the names of the contract.

Enums are their lower-case names, times RFC 3339 in UTC, durations seconds, bytes base64. Knows no calls.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from unisono.client.cli.names import name_of


def line(shape: Mapping[str, Any]) -> str:
    """One object in one line."""
    return json.dumps(shape, ensure_ascii=False, separators=(",", ":"))


def shape(value: object) -> dict[str, Any]:
    """A dataclass of the SDK as an object of JSON."""
    if not is_dataclass(value):
        raise TypeError(f"{value!r} is no dataclass")
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return name_of(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
