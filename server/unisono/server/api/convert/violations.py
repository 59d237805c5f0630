"""Collects what is wrong with a request, so that one error names many bad fields. The error stays small."""

from typing import Final

from unisono.server.api.text import cut
from unisono.server.errors import InvalidRequest, Violation

#: The first bad fields are named, the others counted: a request can have thousands.
MAX_VIOLATIONS: Final = 20

#: Characters of a path, and of what is said of it: both may hold what the caller wrote.
_LONGEST: Final = 200


class Violations:
    """The bad fields found so far."""

    def __init__(self) -> None:
        self._found: list[Violation] = []
        self._more = 0

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, field: str, description: str) -> None:
        """Name a bad field by its path in the request."""
        if len(self._found) < MAX_VIOLATIONS:
            self._found.append(Violation(cut(field, _LONGEST), cut(description, _LONGEST)))
        else:
            self._more += 1

    def check(self) -> None:
        """Raise InvalidRequest if anything was found."""
        if self._found:
            raise InvalidRequest(self._found, more=self._more)
