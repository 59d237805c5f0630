"""The settled rows of a feed while a batch is decided, by their creation: what may give way to a send."""

from collections.abc import Iterable
from heapq import heappop, heappush

from unisono.server.model import Notification


class SettledRows:
    """Finds the oldest of the settled rows, of those that were put in."""

    __slots__ = ("_by_age", "_rows")

    def __init__(self, rows: Iterable[Notification] = ()) -> None:
        self._rows: dict[str, Notification] = {}
        #: May name one twice, and some that are not settled any more.
        self._by_age: list[tuple[int, str]] = []
        for row in rows:
            self.put(row)

    def put(self, row: Notification) -> None:
        """Put in a row as it is now, in place of what it was before."""
        if not row.settled:
            self._rows.pop(row.id, None)
            return
        if row.id not in self._rows:
            heappush(self._by_age, (row.create_revision, row.id))
        self._rows[row.id] = row

    def oldest(self, limit: int) -> list[Notification]:
        """Return the first `limit` rows by creation."""
        found: dict[str, Notification] = {}
        while self._by_age and len(found) < limit:
            _, id_ = heappop(self._by_age)
            row = self._rows.get(id_)
            if row is not None:
                found[id_] = row
        for row in found.values():
            heappush(self._by_age, (row.create_revision, row.id))
        return list(found.values())
