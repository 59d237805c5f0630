"""A connection with a thread of its own, on which whole functions run."""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

import aiosqlite

T = TypeVar("T")


class Connection(aiosqlite.Connection):
    """A connection of aiosqlite that also runs whole functions on its thread.

    A paged read takes rows one by one until it has enough: one switch of threads for all of them is what
    makes it fast. The library itself runs single statements only.
    """

    def __init__(self, make: Callable[[], sqlite3.Connection]) -> None:
        """Prepare a connection. `make` connects; it is called on the connection's thread."""
        super().__init__(make, iter_chunk_size=1)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Call `work` on the connection's thread and return its result. It goes on when the caller is
        cancelled.
        """
        # The library does not type its private methods.
        result: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return result
