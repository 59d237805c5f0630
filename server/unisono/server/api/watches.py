"""The open watches of the health service: how many there may be, and which one ends for a new one.

Anybody who reaches the port may watch, and no number of strangers may lock out those who need to. Does not
depend on messages.
"""

from collections import Counter
from typing import Final

from unisono.server.clock import SingleWaiterEvent

PER_CONNECTION: Final = 8
"""The number of watches that one connection may have.

A client that checks the health of its channels opens one for each service that it calls.
"""


class Watch:
    """One open watch. `connection` is gRPC's name of the peer.

    `news` is set when there is something to tell, or the watch `is_over` and has to end.
    """

    __slots__ = ("connection", "is_over", "news")

    def __init__(self, connection: str) -> None:
        self.connection: Final = connection
        self.is_over = False
        self.news: Final = SingleWaiterEvent()


class Watches:
    """The open watches: at most `max_open` of all connections, and `per_connection` of one."""

    def __init__(self, max_open: int) -> None:
        self._max_open = max_open
        self.per_connection: Final = min(PER_CONNECTION, max_open)
        self._open: dict[Watch, None] = {}
        self._of: Counter[str] = Counter()

    def open(self, connection: str) -> Watch | None:
        """Open a watch; returns None when its connection already has `per_connection`.

        At `max_open`, the watch that has been open longest ends instead: a client that needs it comes back.
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
        """Remove a watch, once, when its call has ended. Until then it counts for its connection."""
        self._open.pop(watch, None)
        self._of[watch.connection] -= 1
        if not self._of[watch.connection]:
            del self._of[watch.connection]

    def wake_all(self) -> None:
        """Have all watches look for something to tell."""
        for watch in self._open:
            watch.news.set()

    def end_all(self) -> None:
        """Signal all watches to end."""
        for watch in list(self._open):
            self._end(watch)

    def _end(self, watch: Watch) -> None:
        del self._open[watch]
        watch.is_over = True
        watch.news.set()
