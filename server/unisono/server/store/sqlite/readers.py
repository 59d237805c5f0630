"""The connections that read: each read is one statement, and so one snapshot. Knows no statement."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiosqlite

from unisono.server.store.sqlite.explain import database_errors
from unisono.server.store.sqlite.transaction import not_open, unavailable

Records = Sequence[Sequence[Any]]


class Readers:
    """A few connections, each used by one read at a time."""

    def __init__(self, path: Path, count: int, *, busy_timeout: int) -> None:
        self._path = path
        self._count = count
        self._busy_timeout = busy_timeout
        self._idle: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
        self._connected = 0
        self._open = False

    async def open(self) -> None:
        """Connect. Raises StoreError."""
        with database_errors(self._path):
            while self._connected < self._count:
                self._idle.put_nowait(await self._connect())
                self._connected += 1
        self._open = True

    async def fetch(self, statement: str, values: Mapping[str, Any]) -> Records:
        """The records of one statement. It goes on when its caller is cancelled."""
        if not self._open:
            raise not_open()
        return await asyncio.shield(self._fetch(statement, values))

    async def close(self) -> None:
        """Finish the reads that have begun, then disconnect. Idempotent."""
        self._open = False
        while self._connected:
            self._connected -= 1
            connection = await self._idle.get()
            await connection.close()

    async def _fetch(self, statement: str, values: Mapping[str, Any]) -> Records:
        connection = await self._idle.get()
        try:
            return list(await connection.execute_fetchall(statement, values))
        except sqlite3.Error as error:
            raise unavailable(error) from error
        finally:
            self._idle.put_nowait(connection)

    async def _connect(self) -> aiosqlite.Connection:
        uri = f"{self._path.as_uri()}?mode=rw"
        connection = await aiosqlite.connect(uri, uri=True, isolation_level=None)
        try:
            await connection.execute_fetchall(f"PRAGMA busy_timeout = {self._busy_timeout}")
            await connection.execute_fetchall("PRAGMA query_only = ON")
            # Two connections that write the log back at once may lose commits before SQLite 3.51.3:
            # https://www.sqlite.org/wal.html#walresetbug. The writer alone does it.
            await connection.execute_fetchall("PRAGMA wal_autocheckpoint = 0")
        except BaseException:
            await connection.close()
            raise
        return connection
