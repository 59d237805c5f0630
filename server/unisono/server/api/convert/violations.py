"""Collects the bad fields of a request, so that one error of limited size names them."""

from typing import Final

from unisono.server.api.text import cut
from unisono.server.errors import InvalidRequest, Violation

#: How many bad fields are named; further ones are counted, as a request can have thousands.
MAX_VIOLATIONS: Final = 20

#: Characters of a path, and of a description: both may contain what the caller wrote.
_LONGEST: Final = 200


class Violations:
    """The bad fields of one request found so far; true when there are any."""

    def __init__(self) -> None:
        self._found: list[Violation] = []
        self._more = 0

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, field: str, description: str) -> None:
        """Add a bad field, by its path in the request, and what is wrong with it.

        The first `MAX_VIOLATIONS` are named in the error, cut to 200 characters each; further ones are
        counted.
        """
        if len(self._found) < MAX_VIOLATIONS:
            self._found.append(Violation(cut(field, _LONGEST), cut(description, _LONGEST)))
        else:
            self._more += 1

    def check(self) -> None:
        """Raise InvalidRequest, which names the bad fields, if there are any."""
        if self._found:
            raise InvalidRequest(self._found, more=self._more)
