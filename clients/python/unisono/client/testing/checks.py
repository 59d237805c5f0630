"""Checks of single fields of requests, by the rules at the head of `notification.proto` and the limits.

Each adds what is wrong to a `Violations`, so that one error names every bad field.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from enum import IntEnum
from typing import Final, TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from unisono.client._model import Platform, ReadState, UserActionState
from unisono.client.testing import errors
from unisono.client.testing.times import millis

T = TypeVar("T")

READ_STATES: Final = tuple(ReadState)[1:]
USER_ACTION_STATES: Final = tuple(UserActionState)[1:]
PLATFORMS: Final = tuple(Platform)[1:]

#: What a revision can be: integers that every reader of JSON holds exactly (RFC 8259, section 6).
_REVISIONS: Final = range(2**53)
#: The range of google.protobuf.Timestamp: the years 1 to 9999.
_SECONDS: Final = range(-62_135_596_800, 253_402_300_800)
_NANOS: Final = range(10**9)
CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
#: Letters and signs that show nothing.
_BLANK: Final = "\u115f\u1160\u2800\u3164\uffa0"


#: How many bad fields an error names.
_NAMED: Final = 20


class Violations:
    """The bad fields of a request: the first 20 are named, the others counted. False while there are none."""

    def __init__(self) -> None:
        self._found: list[tuple[str, str]] = []
        self._more = 0

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, field: str, problem: str) -> None:
        """Add a bad field, named by its path in the request, with what is wrong with it."""
        if len(self._found) < _NAMED:
            self._found.append((field, problem))
        else:
            self._more += 1

    def check(self) -> None:
        """Raise `InvalidRequest`, which names the fields, if there are any."""
        if self._found:
            raise errors.invalid(self._found, self._more)


def check_name(
    violations: Violations, field: str, value: str, max_bytes: int, *, required: bool = False
) -> None:
    """Check an id, a key or a name: at most `max_bytes` in UTF-8, without control characters."""
    if required and not value:
        violations.add(field, "is required")
    check_size(violations, field, value.encode(), max_bytes)
    if CONTROL.search(value):
        violations.add(field, "must not contain control characters")


def check_caption(violations: Violations, field: str, value: str, max_bytes: int) -> None:
    """Check a text that a person has to see: as `check_text`, and not blank."""
    if not value:
        violations.add(field, "is required")
    elif check_text(violations, field, value, max_bytes) and not any(map(_is_seen, value)):
        violations.add(field, "must have something to see")


def check_text(violations: Violations, field: str, value: str, max_bytes: int) -> bool:
    """Check a text to show: at most `max_bytes` in UTF-8, without U+0000. Returns whether it is one."""
    short = check_size(violations, field, value.encode(), max_bytes)
    if "\0" in value:
        violations.add(field, "must not contain U+0000")
        return False
    return short


def check_size(violations: Violations, field: str, value: bytes, max_bytes: int) -> bool:
    """Check that a value has at most `max_bytes` bytes, and return whether it has."""
    if len(value) > max_bytes:
        violations.add(field, f"must be at most {max_bytes} bytes, is {len(value)}")
    return len(value) <= max_bytes


def check_time(violations: Violations, field: str, value: Timestamp) -> int | None:
    """Check a time, and return it in milliseconds since 1970; None when it is not valid."""
    if value.seconds in _SECONDS and value.nanos in _NANOS:
        return millis(value)
    violations.add(field, "is not a valid timestamp")
    return None


def check_duration(violations: Violations, field: str, value: Duration, max_millis: int) -> None:
    """Check that a span is valid, at least one millisecond, and at most `max_millis`."""
    whole = millis(value)
    if abs(value.nanos) not in _NANOS or value.seconds * value.nanos < 0:
        violations.add(field, "is not a valid duration")
    elif whole < 1:
        violations.add(field, "must be at least one millisecond")
    elif whole > max_millis:
        violations.add(field, f"must be at most {max_millis // 1000} s, is {whole // 1000} s")


def check_enum(violations: Violations, field: str, value: int, known: Collection[IntEnum]) -> None:
    """Check that a value of an enum is unspecified (0) or one of `known`."""
    if value and value not in known:
        violations.add(field, f"has no value {value}; known are {', '.join(one.name for one in known)}")


def check_revision(violations: Violations, field: str, value: int) -> None:
    """Check that a revision is at least 0 and below 2^53."""
    if value not in _REVISIONS:
        violations.add(field, f"must be at least 0 and below 2^53, is {value}")


def check_page_size(violations: Violations, value: int, max_items: int) -> None:
    """Check how many items a page is to have; 0 means the default."""
    if not 0 <= value <= max_items:
        violations.add("page_size", f"must be at least 0 and at most {max_items}, is {value}")


def check_members(
    violations: Violations, field: str, values: Sequence[T], max_items: int, *, min_items: int = 1
) -> Sequence[T]:
    """Check the length of a list, and return the list; an empty one in place of one that is too long."""
    if len(values) < min_items:
        violations.add(field, "must have at least one member")
    if len(values) <= max_items:
        return values
    violations.add(field, f"must have at most {max_items} members")
    return ()


def _is_seen(character: str) -> bool:
    return unicodedata.category(character)[0] not in "CZ" and character not in _BLANK
