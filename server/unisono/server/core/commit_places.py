"""The places of what waits for a commit: so many there are, and no app takes those of all others."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from unisono.server.errors import Reason, Unavailable


class CommitPlaces:
    """Counts the items that wait, are being prepared, or committed.

    An app may have as many of the places as it leaves free.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity: Final = capacity
        self._of_app: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many places are taken."""
        return self._of_app.total()

    @contextmanager
    def take(self, app_id: str, count: int) -> Iterator[None]:
        """Hold places for `count` items of an app until the end of `with`.

        Raises `Unavailable` (OVERLOADED) at its beginning where there are not as many for it.
        """
        free = self.capacity - self.taken - count
        if free < 0 or self._of_app[app_id] > free:
            raise Unavailable(Reason.OVERLOADED, "too much is waiting to be committed; try again")
        self._of_app[app_id] += count
        try:
            yield
        finally:
            self._of_app[app_id] -= count
            if not self._of_app[app_id]:
                del self._of_app[app_id]
