"""A queue whose owners take turns, so that none waits for all that another has queued (the promise Fair).

Fair queueing (J. Nagle, RFC 970, 1985) in two levels: the apps that have items waiting take turns, and within
the turns of an app its users do.
"""

from collections import deque
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")

Owner: TypeAlias = tuple[str, str]
"""The owner of an item: the ids of an app and of one of its users, which is empty for the app itself."""


class FairQueue(Generic[T]):
    """A queue of items with owners. The items of one owner leave in the order in which they came.

    Each method takes constant time, however many items and owners there are.
    """

    def __init__(self) -> None:
        self._apps: deque[_App[T]] = deque()
        self._by_id: dict[str, _App[T]] = {}
        self._size = 0
        #: How many owners have items waiting.
        self.owners = 0

    def __len__(self) -> int:
        return self._size

    def push(self, owner: Owner, item: T) -> None:
        """Add an item behind the other items of its owner."""
        app_id, user_id = owner
        app = self._by_id.get(app_id)
        if app is None:
            app = self._by_id[app_id] = _App(app_id)
            self._apps.append(app)
        self.owners += app.push(user_id, item)
        self._size += 1

    def pop(self) -> T:
        """Remove and return the item whose turn it is. Raises `IndexError` when the queue is empty."""
        app = self._apps.popleft()
        item, last = app.pop()
        if app.size:
            self._apps.append(app)
        else:
            del self._by_id[app.app_id]
        self._size -= 1
        self.owners -= last
        return item


class _App(Generic[T]):
    """The items of one app, at least one while it is queued."""

    __slots__ = ("_by_id", "_users", "app_id", "size")

    def __init__(self, app_id: str) -> None:
        self.app_id = app_id
        self.size = 0
        self._users: deque[str] = deque()
        self._by_id: dict[str, deque[T]] = {}

    def push(self, user_id: str, item: T) -> bool:
        """Add an item, and return whether it is now the only one of its user."""
        items = self._by_id.get(user_id)
        if items is None:
            items = self._by_id[user_id] = deque()
            self._users.append(user_id)
        items.append(item)
        self.size += 1
        return len(items) == 1

    def pop(self) -> tuple[T, bool]:
        """Return the next item, and whether it was the last one of its user."""
        user_id = self._users.popleft()
        items = self._by_id[user_id]
        item = items.popleft()
        if items:
            self._users.append(user_id)
        else:
            del self._by_id[user_id]
        self.size -= 1
        return item, not items
