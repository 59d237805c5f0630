"""The connections that read: each serves one read at a time, and users that wait have fair turns."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from unisono.server.errors import Unavailable
from unisono.server.failure_log import FailureLog
from unisono.server.fair_queue import FairQueue, Owner
from unisono.server.store.metrics import StoreMetrics
from unisono.server.store.sqlite.connection import Connection
from unisono.server.store.sqlite.errors import database_errors
from unisono.server.store.sqlite.transaction import not_open, unavailable

T = TypeVar("T")

Records = Sequence[Sequence[Any]]

#: The owner of reads that are not made for a user.
NOBODY: Final = ("", "")

CACHE_BYTES = 16 * 1024 * 1024
"""Bytes of pages that each reader caches at most."""


class Readers:
    """A pool of `count` connections that only read. Those who wait for one get it in fair turns.

    `busy_timeout` is in milliseconds. Reads raise `Unavailable` when the pool is not open, or when the
    database cannot be read.
    """

    def __init__(self, path: Path, count: int, metrics: StoreMetrics, *, busy_timeout: int) -> None:
        self._path = path
        self._metrics = metrics
        self._count = count
        self._busy_timeout = busy_timeout
        self._idle: list[Connection] = []
        self._waiting: FairQueue[asyncio.Future[Connection]] = FairQueue()
        #: Set when a connection becomes idle.
        self._freed = asyncio.Event()
        self._connected = 0
        self._open = False
        self._failures = FailureLog("the store could not be read")

    async def open(self) -> None:
        """Open the connections. Raises `StoreError` when one cannot be opened."""
        with database_errors(self._path):
            while self._connected < self._count:
                connection = Connection(self._connect)
                await connection
                self._idle.append(connection)
                self._connected += 1
        self._open = True

    async def fetch(self, owner: Owner, statement: str, values: Mapping[str, Any]) -> Records:
        """Return all records of one statement. The read goes on when the caller is cancelled."""
        return await self.read(owner, lambda connection: connection.execute(statement, values).fetchall())

    async def read(self, owner: Owner, work: Callable[[sqlite3.Connection], T]) -> T:
        """Call `work` with a connection, on its thread, and return the result.

        `owner` is the user the read is for, and takes its turn among others that wait. A read that has begun
        goes on when the caller is cancelled; one that waits is dropped.
        """
        if not self._open:
            raise not_open()
        connection = await self._take(owner)
        began = time.perf_counter()
        try:
            return await connection.run(work)
        except sqlite3.Error as error:
            raise self._failed(error) from error
        finally:
            self._metrics.read_seconds.observe(time.perf_counter() - began)
            # After a cancellation the connection may still be reading; the next read waits for its thread.
            self._give_back(connection)

    def _failed(self, error: sqlite3.Error) -> Unavailable:
        raised = unavailable(error)
        self._metrics.failures[raised.reason] += 1
        self._failures.add(raised.reason, error)
        return raised

    async def close(self) -> None:
        """Finish the reads that were requested, then close the connections. Idempotent."""
        self._open = False
        while self._connected:
            self._connected -= 1
            connection = await self._unused()
            await connection.close()

    async def _take(self, owner: Owner) -> Connection:
        """Return an idle connection, waiting for one if need be."""
        if self._idle:
            return self._idle.pop()
        turn: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
        self._waiting.push(owner, turn)
        began = time.perf_counter()
        try:
            connection = await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_back(turn.result())
            raise
        self._metrics.read_wait_seconds.observe(time.perf_counter() - began)
        return connection

    async def _unused(self) -> Connection:
        """Return an idle connection that no read waits for."""
        while not self._idle:
            self._freed.clear()
            await self._freed.wait()
        return self._idle.pop()

    def _give_back(self, connection: Connection) -> None:
        """Hand the connection to the next read that still waits for one, or make it idle."""
        while self._waiting:
            turn = self._waiting.pop()
            if not turn.done():
                turn.set_result(connection)
                return
        self._idle.append(connection)
        self._freed.set()

    def _connect(self) -> sqlite3.Connection:
        uri = f"{self._path.as_uri()}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None)
        try:
            connection.execute(f"PRAGMA busy_timeout = {self._busy_timeout}")
            connection.execute(f"PRAGMA cache_size = {-CACHE_BYTES // 1024}")
            connection.execute("PRAGMA query_only = ON")
            # On a full disk there is no room for temporary files, and everything can be read all the same.
            connection.execute("PRAGMA temp_store = MEMORY")
            # Two connections that write the log back at once may lose commits before SQLite 3.51.3:
            # https://www.sqlite.org/wal.html#walresetbug. The writer alone does it.
            connection.execute("PRAGMA wal_autocheckpoint = 0")
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Run all statements inside the block in one read transaction, so that they see the same state."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
