"""Limits how much memory a device takes, whatever a server sends."""

from collections.abc import Callable
from typing import Final, TypeVar

from unisono.client._device.catch_up_limit import ServerMisbehaves
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb

#: In bytes. By default, a feed holds at most 64 MiB of notifications, and a device that starts anew both the
#: old and the new ones, with 10,000 that are gone: this is several times that.
MAX_BYTES: Final = 512 * 1024 * 1024

#: What each notification takes besides what is in it, about; and each of its actions and entries of data, of
#: which a server can send many in few bytes.
OVERHEAD: Final = 1024
MEMBER_OVERHEAD: Final = 256

Value = TypeVar("Value")


class MemoryExceeded(ServerMisbehaves):
    """The server sends more than there is room for."""


class MemoryBudget:
    """Counts bytes, up to `max_bytes`; None: 512 MiB. `what` names in errors what takes them."""

    def __init__(self, what: str, max_bytes: int | None = None) -> None:
        self._what = what
        self._max_bytes = MAX_BYTES if max_bytes is None else max_bytes
        self._taken = 0

    def take(self, size: int) -> None:
        """Count one more value of `size` bytes. Raises `MemoryExceeded`, but counts it."""
        self._taken += size + OVERHEAD
        if self._taken > self._max_bytes:
            raise MemoryExceeded(f"{self._what} would take more than {self._max_bytes:,} bytes of memory")

    def give_back(self, size: int) -> None:
        """Stop counting a value of `size` bytes."""
        self._taken -= size + OVERHEAD


def size_of(message: pb.Notification | feed_pb.Event) -> int:
    """Return about how many bytes a notification takes beyond `OVERHEAD`, alone or in its event."""
    payload = (message.notification if isinstance(message, feed_pb.Event) else message).payload
    return message.ByteSize() + MEMBER_OVERHEAD * (len(payload.visual_content.actions) + len(payload.data))


class MeteredDict(dict[str, Value]):
    """A dict whose values count against a budget from `put` to `drop`, by which alone it may change.

    `size` returns that of a value in bytes. Nothing is evicted: `put` raises where there is too much.
    """

    def __init__(self, room: MemoryBudget, size: Callable[[Value], int]) -> None:
        super().__init__()
        self._room = room
        self._size = size
        self._sizes: dict[str, int] = {}

    def put(self, key: str, value: Value) -> None:
        """Put a value at the end, in place of that of the same key. Raises `MemoryExceeded`, but holds it."""
        self.drop(key)
        self[key] = value
        self._sizes[key] = size = self._size(value)
        self._room.take(size)

    def drop(self, key: str) -> Value | None:
        """Remove and return the value of a key; None where there is none."""
        if key in self:
            self._room.give_back(self._sizes.pop(key))
        return self.pop(key, None)

    def drop_all(self) -> None:
        """Remove all values."""
        for key in tuple(self):
            self.drop(key)
