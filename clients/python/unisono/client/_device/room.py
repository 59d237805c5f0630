"""How much a device takes of its process's memory, whatever a server sends. Knows no messages."""

from collections.abc import Callable
from typing import Final, TypeVar

from unisono.client._errors import Unavailable

#: In bytes. Where the operator left that as it is, a feed holds at most 64 MiB of notifications, and a device
#: that starts anew both the old and the new ones, with 10,000 that are gone: this is several times that.
MAX_BYTES: Final = 512 * 1024 * 1024

#: What each notification takes besides what is in it, about.
OVERHEAD: Final = 1024

Value = TypeVar("Value")


class Overfull(Unavailable):
    """A server sends more than there is room for. It may be well later."""


class Room:
    """Counts bytes, up to `most`. `what` takes them, in words."""

    def __init__(self, what: str, max_bytes: int | None = None) -> None:
        self._what = what
        self._max_bytes = MAX_BYTES if max_bytes is None else max_bytes
        self._taken = 0

    def take(self, size: int) -> None:
        """One more thing of so many bytes is held. Raises `Overfull`; it counts then, too."""
        self._taken += size + OVERHEAD
        if self._taken > self._max_bytes:
            raise Overfull(f"{self._what} would take more than {self._max_bytes:,} bytes of memory")

    def give_back(self, size: int) -> None:
        """One of so many bytes is held no more."""
        self._taken -= size + OVERHEAD


class Held(dict[str, Value]):
    """Values by key, which take room from `put` to `drop`; `size` is that of one, in bytes."""

    def __init__(self, room: Room, size: Callable[[Value], int]) -> None:
        super().__init__()
        self._room = room
        self._size = size
        self._sizes: dict[str, int] = {}

    def put(self, key: str, value: Value) -> None:
        """Hold it at the end, in the place of what had this key. Raises `Overfull`; it is held then, too."""
        self.drop(key)
        self[key] = value
        self._sizes[key] = size = self._size(value)
        self._room.take(size)

    def drop(self, key: str) -> Value | None:
        """Hold it no more; None where nothing had this key."""
        if key in self:
            self._room.give_back(self._sizes.pop(key))
        return self.pop(key, None)

    def drop_all(self) -> None:
        """Hold nothing any more."""
        for key in tuple(self):
            self.drop(key)
