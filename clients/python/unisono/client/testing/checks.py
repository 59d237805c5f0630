"""The rules for single fields of requests (the contract, sections 1 and 7). Knows no request.

Each reports what is wrong to a `Bad`, so that one error names every bad field.
"""

import re
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

#: What a revision can be: every JSON reader can hold it.
_REVISIONS: Final = range(2**53)
#: The range of google.protobuf.Timestamp: the years 1 to 9999.
_SECONDS: Final = range(-62_135_596_800, 253_402_300_800)
_NANOS: Final = range(10**9)
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")


#: How many bad fields an error names.
_NAMED: Final = 20


class Violations:
    """The bad fields of a request: the first are named, the others counted."""

    def __init__(self) -> None:
        self._found: list[tuple[str, str]] = []
        self._more = 0

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, field: str, problem: str) -> None:
        """Name a field by its path in the request."""
        if len(self._found) < _NAMED:
            self._found.append((field, problem))
        else:
            self._more += 1

    def check(self) -> None:
        """Raise `InvalidRequest` if there is any."""
        if self._found:
            raise errors.invalid(self._found, self._more)


def name(violations: Violations, field: str, value: str, max_bytes: int, *, required: bool = False) -> None:
    """An id, a key or a name."""
    if required and not value:
        violations.add(field, "is required")
    size(violations, field, value.encode(), max_bytes)
    if _CONTROL.search(value):
        violations.add(field, "must not contain control characters")


def text(violations: Violations, field: str, value: str, max_bytes: int) -> None:
    """A text to show."""
    size(violations, field, value.encode(), max_bytes)
    if "\0" in value:
        violations.add(field, "must not contain U+0000")


def size(violations: Violations, field: str, value: bytes, max_bytes: int) -> None:
    """At most so many bytes."""
    if len(value) > max_bytes:
        violations.add(field, f"must be at most {max_bytes} bytes, is {len(value)}")


def moment(violations: Violations, field: str, value: Timestamp) -> int | None:
    """A time in milliseconds since 1970; None when it is impossible."""
    if value.seconds in _SECONDS and value.nanos in _NANOS:
        return millis(value)
    violations.add(field, "is not a valid timestamp")
    return None


def span(violations: Violations, field: str, value: Duration, max_millis: int) -> None:
    """More than nothing, at most `most` milliseconds."""
    whole = millis(value)
    if abs(value.nanos) not in _NANOS or value.seconds * value.nanos < 0:
        violations.add(field, "is not a valid duration")
    elif whole < 1:
        violations.add(field, "must be at least one millisecond")
    elif whole > max_millis:
        violations.add(field, f"must be at most {max_millis // 1000} s, is {whole // 1000} s")


def choice(violations: Violations, field: str, value: int, known: Collection[IntEnum]) -> None:
    """A value of an enum, or unspecified."""
    if value and value not in known:
        violations.add(field, f"has no value {value}; known are {', '.join(one.name for one in known)}")


def revision(violations: Violations, field: str, value: int) -> None:
    """A revision that the service may have given."""
    if value not in _REVISIONS:
        violations.add(field, f"must be at least 0 and below 2^53, is {value}")


def members(
    violations: Violations, field: str, values: Sequence[T], max_items: int, *, min_items: int = 1
) -> Sequence[T]:
    """A list that is neither too short nor too long; nothing of one that is too long."""
    if len(values) < min_items:
        violations.add(field, "must have at least one member")
    if len(values) <= max_items:
        return values
    violations.add(field, f"must have at most {max_items} members")
    return ()
