"""The rules for single fields, as the comments of `proto/unisono/v1` state them.

Each function adds to the violations what is wrong, and does not raise: what it returns then is only good for
going on to the next field.
"""

import re
from collections.abc import Sequence
from enum import IntEnum
from typing import TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from unisono.server.api.convert.violations import Violations
from unisono.server.model import LARGEST_INTEGER

EnumT = TypeVar("EnumT", bound=IntEnum)
MemberT = TypeVar("MemberT")

#: The characters of Unicode's category Cc (control).
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
#: What Python calls printable, which is all but Unicode's categories C and Z, and a person does not see.
_BLANK = " \u115f\u1160\u2800\u3164\uffa0"
#: The values that a revision can have.
REVISIONS = range(LARGEST_INTEGER + 1)
#: 0001-01-01 and the end of 9999, the range of google.protobuf.Timestamp.
_SECONDS = range(-62_135_596_800, 253_402_300_800)
_NANOS = range(1_000_000_000)


def identifier(violations: Violations, field: str, value: str, limit: int, *, required: bool) -> str:
    """Validate an id, key or name: at most `limit` bytes of UTF-8, without control characters."""
    if not value:
        if required:
            violations.add(field, "is required")
        return value
    sized(violations, field, size_of(value), limit)
    if not (value.isascii() and value.isprintable()) and CONTROL.search(value):
        violations.add(field, "must not contain control characters")
    return value


def caption(violations: Violations, field: str, value: str, limit: int) -> None:
    """Validate a text that a person has to see, such as a title: as `text`, and not blank."""
    if not value:
        violations.add(field, "is required")
    elif text(violations, field, value, limit) and not is_seen(value):
        violations.add(field, "must have something to see")


def text(violations: Violations, field: str, value: str, limit: int) -> bool:
    """Validate a text to show: at most `limit` bytes of UTF-8, without U+0000. Returns whether it is one."""
    short = sized(violations, field, size_of(value), limit)
    if "\x00" in value:
        violations.add(field, "must not contain U+0000")
        return False
    return short


def timestamp(violations: Violations, field: str, value: Timestamp) -> int | None:
    """Return a time in milliseconds since 1970, cut to whole ones.

    Outside the range of `google.protobuf.Timestamp` it adds a violation and returns None, so that no later
    rule fails too.
    """
    if value.seconds not in _SECONDS or value.nanos not in _NANOS:
        violations.add(field, "is not a valid timestamp")
        return None
    return value.seconds * 1000 + value.nanos // 1_000_000


def duration(violations: Violations, field: str, value: Duration, limit: int) -> int:
    """Return a span of time in milliseconds, cut to whole ones.

    Adds a violation unless it is at least 1 and at most `limit` milliseconds.
    """
    millis = value.seconds * 1000 + value.nanos // 1_000_000
    if abs(value.nanos) not in _NANOS or value.seconds * value.nanos < 0:
        violations.add(field, "is not a valid duration")
    elif millis < 1:
        violations.add(field, "must be at least one millisecond")
    elif millis > limit:
        violations.add(field, f"must be at most {limit // 1000} s, is {millis // 1000} s")
    return millis


def choice(violations: Violations, field: str, value: int, kind: type[EnumT]) -> EnumT | None:
    """Return a value of an enum; None when it is unspecified, or unknown, which is a violation."""
    if value == 0:
        return None
    try:
        return kind(value)
    except ValueError:
        violations.add(field, f"has no value {value}; known are {', '.join(k.name for k in kind)}")
        return None


def revision(violations: Violations, field: str, value: int) -> int:
    """Validate a revision that a client has from the service: 0 to 2^53 - 1."""
    if value not in REVISIONS:
        violations.add(field, f"must be at least 0 and below 2^53, is {value}")
    return value


def members(violations: Violations, field: str, values: Sequence[MemberT], limit: int) -> Sequence[MemberT]:
    """Validate a list of at least one and at most `limit` members; a longer one comes out empty."""
    if not values:
        violations.add(field, "must have at least one member")
    return members_at_most(violations, field, values, limit)


def members_at_most(
    violations: Violations, field: str, values: Sequence[MemberT], limit: int
) -> Sequence[MemberT]:
    """Validate a list of at most `limit` members; a longer one comes out empty, so it is not iterated."""
    if len(values) > limit:
        violations.add(field, f"must have at most {limit} members")
        return ()
    return values


def is_seen(value: str) -> bool:
    """Return whether a person sees something of a text."""
    return any(character not in _BLANK and character.isprintable() for character in value)


def size_of(value: str) -> int:
    """Return how many bytes of UTF-8 a text has."""
    return len(value) if value.isascii() else len(value.encode())


def sized(violations: Violations, field: str, size: int, limit: int) -> bool:
    """Validate a size in bytes, and return whether it is at most `limit`."""
    if size > limit:
        violations.add(field, f"must be at most {limit} bytes, is {size}")
    return size <= limit
