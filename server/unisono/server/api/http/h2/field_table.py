"""The fields that a client may name by a number: of everybody, and its own (RFC 7541, section 2.3).

Most clients have few of their own, or none, so that they are in a list: the queue of `hpack` takes 760 bytes
when it is empty, of every idle device.
"""

from typing import Final

from hpack.table import HeaderTable

from unisono.server.api.http.h2.requests import Header

ENTRY: Final = 32
"""What a field counts besides its name and its value (section 4.1)."""

_STATIC: Final = HeaderTable.STATIC_TABLE


class FieldTable:
    """The table of one client. `changes` is how often its own fields have changed."""

    __slots__ = ("_fields", "_size", "changes", "max_size")

    def __init__(self) -> None:
        self.max_size = HeaderTable.DEFAULT_SIZE
        self.changes = 0
        self._size = 0
        #: The newest is the last.
        self._fields: list[Header] = []

    def get(self, index: int) -> Header:
        """Return the field of a number, the newest of its own after all that everybody knows.

        Raises `IndexError` where there is none.
        """
        if index > len(_STATIC):
            return self._fields[len(_STATIC) - index]
        if index == 0:
            raise IndexError("a field has the number 0")
        return _STATIC[index - 1]

    def add(self, name: bytes, value: bytes) -> None:
        """Add a field, and drop the oldest ones, or all, where there is no room for them (section 4.4)."""
        self._fields.append((name, value))
        self._size += _size(name, value)
        self._changed()

    def resize(self, max_size: int) -> None:
        """Have room for so many bytes from now on (section 4.3)."""
        self.max_size = max_size
        self._changed()

    def _changed(self) -> None:
        self.changes += 1
        while self._size > self.max_size:
            self._size -= _size(*self._fields.pop(0))


def _size(name: bytes, value: bytes) -> int:
    return len(name) + len(value) + ENTRY
