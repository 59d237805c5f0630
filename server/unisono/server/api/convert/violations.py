"""Collects what is wrong with a request, so that one error names every bad field."""

from unisono.server.errors import InvalidRequest, Violation


class Violations:
    """The bad fields found so far."""

    def __init__(self) -> None:
        self._found: list[Violation] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, field: str, description: str) -> None:
        """Name a bad field by its path in the request."""
        self._found.append(Violation(field, description))

    def check(self) -> None:
        """Raise InvalidRequest if anything was found."""
        if self._found:
            raise InvalidRequest(self._found)
