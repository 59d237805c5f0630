"""The open watches of the health service: how many there may be, and which gives way to a new one.

Whoever reaches the port may watch, and no number of strangers is to lock out who watches for a reason.
Knows no messages.
"""

from collections import Counter
from typing import Final

from unisono.server.clock import SingleWaiterEvent

PER_CONNECTION: Final = 8
"""A client that checks the health of its channels opens one for each service that it calls."""


class Watch:
    """One open watch, on a connection. `over` is set when it is to end."""

    __slots__ = ("connection", "over")

    def __init__(self, connection: str) -> None:
        self.connection: Final = connection
        self.over: Final = SingleWaiterEvent()


class Watches:
    """At most `most` of all connections, and `per_connection` of one."""

    def __init__(self, max_open: int) -> None:
        self._max_open = max_open
        self.per_connection: Final = min(PER_CONNECTION, max_open)
        self._open: dict[Watch, None] = {}
        self._of: Counter[str] = Counter()

    def open(self, connection: str) -> Watch | None:
        """A new one; None when its connection has all that it may have.

        When the server has all that it may have, the one that is open for longest gives way: who watches
        for a reason comes back, and others have had their time.
        """
        if self._of[connection] >= self.per_connection:
            return None
        if len(self._open) >= self._max_open:
            self._end(next(iter(self._open)))
        watch = Watch(connection)
        self._open[watch] = None
        self._of[connection] += 1
        return watch

    def close(self, watch: Watch) -> None:
        """Forget one whose call has ended. Until then it counts for its connection: ending may take time."""
        self._open.pop(watch, None)
        self._of[watch.connection] -= 1
        if not self._of[watch.connection]:
            del self._of[watch.connection]

    def end_all(self) -> None:
        """Let all of them end."""
        for watch in list(self._open):
            self._end(watch)

    def _end(self, watch: Watch) -> None:
        del self._open[watch]
        watch.over.set()
