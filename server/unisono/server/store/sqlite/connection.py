"""A connection with a thread of its own, on which whole functions run. Knows no statement."""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

import aiosqlite

T = TypeVar("T")


class Connection(aiosqlite.Connection):
    """The library's, which runs single statements on its thread and keeps to itself how.

    A read that ends when it has enough is many steps: one way there and back for all of them is what makes
    it quick.
    """

    def __init__(self, make: Callable[[], sqlite3.Connection]) -> None:
        """`make` connects; it is called on the thread."""
        super().__init__(make, iter_chunk_size=1)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The result of `work`, which goes on when its caller is cancelled."""
        # The library does not type what it keeps to itself.
        result: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return result
