"""Values, sizes and times as an operator reads them. Whatever a token or a client says is only shown."""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

LENGTH_MAX: Final = 200
_UNITS: Final = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_LAST_YEAR: Final = 253_402_300_800_000


def shown(value: object) -> str:
    """Return a value as JSON, in printable characters alone and cut where it is long."""
    text = json.dumps(value, ensure_ascii=False) if _is_shallow(value) else "(nothing to be shown)"
    text = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
    return text if len(text) <= LENGTH_MAX else f"{text[:LENGTH_MAX]}..."


def named(text: str) -> str:
    """Return an id as it is where a terminal shows it so, and quoted otherwise; cut where it is long."""
    quoted_text = shown(text)
    return quoted_text[1:-1] if text.isprintable() and " " not in text and text else quoted_text


def for_json(value: object) -> object:
    """Return a value as it is, where JSON has such values and nobody fails over how deep they are."""
    return value if _is_shallow(value) else shown(value)


def _is_shallow(value: object, depth: int = 8) -> bool:
    if isinstance(value, dict | list):
        within = value.values() if isinstance(value, dict) else value
        return depth > 0 and all(_is_shallow(each, depth - 1) for each in within)
    return not isinstance(value, float) or math.isfinite(value)


def quoted(names: object) -> str:
    """Return texts as a list in TOML, which JSON's lists of texts are, too."""
    return shown(list(names) if isinstance(names, tuple | frozenset | set) else names)


def moment(time: int) -> str:
    """Return a time in milliseconds since 1970 as a date; what lies beyond the calendar in words."""
    if time >= _LAST_YEAR:
        return "after all calendars"
    return datetime.fromtimestamp(time / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def span(milliseconds: int) -> str:
    """Return a span of time in its largest unit, such as "57 minutes"."""
    seconds = abs(milliseconds) // 1000
    for length, unit in _UNITS:
        if seconds >= 2 * length or length == 1:
            return count(seconds // length, unit)
    raise AssertionError("the smallest unit is a second")


def count(number: int, one: str) -> str:
    """Return a number with what it counts, such as "2 days"."""
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def size(number: int) -> str:
    """Return a number of bytes in its largest unit, such as "1.5 MiB"."""
    amount = float(number)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:,.0f} {unit}" if unit == "bytes" else f"{amount:,.1f} {unit}"
        amount /= 1024
    return f"{amount:,.1f} TiB"


def table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the rows as aligned lines; the last column is not padded."""
    filled = list(rows)
    widths = [max(map(len, column)) for column in zip(*filled, strict=True)]
    widths[-1] = 0
    for row in filled:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
