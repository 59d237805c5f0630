"""The window of a connection: how much of bodies a client may send before we have taken what it sent."""

from unisono.server.api.http.h2.errors import ConnectionFailed, ErrorCode
from unisono.server.api.http.h2.settings import WINDOW


class ReceiveWindow:
    """Counts what came and what was taken. The client is told when half of the window was."""

    __slots__ = ("_left", "_size", "_taken")

    def __init__(self, size: int) -> None:
        # A client may send as much before it has seen any of our frames.
        self._size = max(size, WINDOW)
        self._left = self._size
        self._taken = 0

    def count(self, size: int) -> None:
        """Count what came. Raises `ConnectionFailed` beyond the window."""
        self._left -= size
        if self._left < 0:
            raise ConnectionFailed(ErrorCode.FLOW_CONTROL_ERROR, "more than the connection's window allows")

    def give_back(self, size: int) -> int:
        """Count what was taken; return by how much to widen the client's window now, 0 for not yet."""
        self._taken += size
        if 2 * self._taken < self._size:
            return 0
        increment, self._taken = self._taken, 0
        self._left += increment
        return increment
