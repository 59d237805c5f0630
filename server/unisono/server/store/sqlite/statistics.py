"""How large a store is: its files, and what is counted in small steps, on a thread of its own.

Nobody waits for it, neither on the event loop nor for a reader; where the disk hangs, it hangs alone.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from unisono.server.errors import Reason, Unavailable
from unisono.server.store.sqlite.transaction import unavailable
from unisono.server.store.sqlite.worker import Worker

STEP: Final = 10_000
"""The most rows that a step counts: some milliseconds of a disk."""

_FEEDS: Final = """
    SELECT count(*), max(feed), count(nullif(app_id, '')), total(live), total(tombstones)
    FROM (SELECT feed, app_id, live, tombstones FROM feeds WHERE feed > :after ORDER BY feed LIMIT :limit)
    """
"""One without a name was taken away, and is being erased."""

_ENDPOINTS: Final = """
    SELECT count(*), max(place), count(*) - count(delete_time)
    FROM (SELECT rowid AS place, delete_time FROM endpoints WHERE rowid > :after ORDER BY rowid LIMIT :limit)
    """


class Sizes(NamedTuple):
    """Bytes of the file and of its write-ahead log, and those that its disk has left."""

    database: int
    log: int
    free: int


class Counts(NamedTuple):
    """How much is stored. `removed` are notifications of which only the id is left; see Retention."""

    feeds: int = 0
    live: int = 0
    removed: int = 0
    endpoints: int = 0


class Statistics:
    """Reads the sizes of the store in a file, and counts what is in it, also while a server uses it.

    Its methods raise `Unavailable` where the file cannot be read. One call at a time.
    """

    def __init__(self, path: Path, *, step: int = STEP) -> None:
        self._path = path.resolve()
        self._step = step
        self._worker = Worker("sqlite-statistics")
        #: What is counted so far, and the last row of each table that was.
        self._counted = Counts()
        self._feed: int | None = 0
        self._endpoint: int | None = 0

    async def sizes(self) -> Sizes:
        """Return the sizes as they are now."""
        return await self._worker.submit(self._sizes)

    async def count_on(self) -> Counts | None:
        """Count the next rows; return the counts when that were the last, and begin anew then.

        What is written meanwhile may be missing in them.
        """
        return await self._worker.submit(self._count_on)

    def close(self) -> None:
        """End the thread once it is through."""
        self._worker.finish()

    def _sizes(self) -> Sizes:
        try:
            disk = os.statvfs(self._path.parent)
            return Sizes(
                database=self._path.stat().st_size,
                log=_size(self._path.with_name(f"{self._path.name}-wal")),
                free=disk.f_bavail * disk.f_frsize,
            )
        except OSError as error:
            raise Unavailable(Reason.STORE_UNAVAILABLE, f"the store cannot be looked at: {error}") from error

    def _count_on(self) -> Counts | None:
        try:
            if self._feed is not None:
                self._count_feeds(self._feed)
            elif self._endpoint is not None:
                self._count_endpoints(self._endpoint)
        except sqlite3.Error as error:
            raise unavailable(error) from error
        if self._feed is not None or self._endpoint is not None:
            return None
        counted, self._counted = self._counted, Counts()
        self._feed = self._endpoint = 0
        return counted

    def _count_feeds(self, after: int) -> None:
        rows, last, feeds, live, removed = self._step_of(_FEEDS, after)
        known = self._counted
        self._counted = known._replace(
            feeds=known.feeds + feeds, live=known.live + int(live), removed=known.removed + int(removed)
        )
        self._feed = last if rows == self._step else None

    def _count_endpoints(self, after: int) -> None:
        rows, last, endpoints = self._step_of(_ENDPOINTS, after)
        self._counted = self._counted._replace(endpoints=self._counted.endpoints + endpoints)
        self._endpoint = last if rows == self._step else None

    def _step_of(self, statement: str, after: int) -> tuple[int, ...]:
        # One that stays open would keep the server, when it stops, from writing its log back into the file.
        with closing(sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True)) as connection:
            found: tuple[int, ...] = connection.execute(
                statement, {"after": after, "limit": self._step}
            ).fetchone()
        return found


def _size(file: Path) -> int:
    """Return the bytes of a file, 0 without one."""
    return file.stat().st_size if file.exists() else 0
