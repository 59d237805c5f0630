"""Where a device keeps what must outlive its process. Knows keys and bytes, not what they mean."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Protocol, TypeVar

from unisono.client._errors import StorageFailed

Result = TypeVar("Result")

#: "Unis" in ASCII, which tells the files of devices from other SQLite files.
APPLICATION_ID: Final = 0x556E6973
VERSION: Final = 1


class Storage(Protocol):
    """A small mapping of strings to bytes, of one device. Implement it to keep it somewhere else.

    A device keeps a few keys, and one for each notification. It calls one method at a time.
    """

    async def load(self) -> Mapping[str, bytes]:
        """All that is kept. Raises `StorageFailed`."""
        ...

    async def save(self, changes: Mapping[str, bytes | None]) -> None:
        """Set these keys, and remove those that are None: all or nothing. Raises `StorageFailed`."""
        ...

    async def close(self) -> None:
        """Give back what it holds. It is not used again."""
        ...


class MemoryStorage:
    """Keeps it for as long as this object lives."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    async def load(self) -> Mapping[str, bytes]:
        """See `Storage`."""
        return dict(self._kept)

    async def save(self, changes: Mapping[str, bytes | None]) -> None:
        """See `Storage`."""
        for key, value in changes.items():
            if value is None:
                self._kept.pop(key, None)
            else:
                self._kept[key] = value

    async def close(self) -> None:
        """See `Storage`."""


class FileStorage:
    """Keeps it in a file, made when there is none: an SQLite database, for one process at a time."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        # SQLite waits for the disk, which the event loop must not.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="unisono-storage")
        self._database: sqlite3.Connection | None = None
        self._closed = False

    async def load(self) -> Mapping[str, bytes]:
        """See `Storage`."""
        if self._closed:
            raise StorageFailed(f"{self._path}: this storage was closed with its device; make another one")
        return await self._run(self._load)

    async def save(self, changes: Mapping[str, bytes | None]) -> None:
        """See `Storage`."""
        await self._run(self._save, changes)

    async def close(self) -> None:
        """See `Storage`."""
        if not self._closed:
            self._closed = True
            try:
                await self._run(self._close)
            finally:
                self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[..., Result], *arguments: object) -> Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
        except (sqlite3.Error, OSError) as error:
            raise StorageFailed(f"{self._path}: {_explained(error)}") from error

    def _load(self) -> Mapping[str, bytes]:
        # What a user was told is for the user's eyes: nobody else may read the file.
        # One that is there is not opened for that: closing it would end this process's locks on it.
        if not self._path.exists():
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        self._database = sqlite3.connect(self._path, timeout=0, check_same_thread=False, isolation_level=None)
        # Two devices on one position would each miss what the other took.
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._claim(self._database)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        return dict(self._database.execute("SELECT key, value FROM kept"))

    def _claim(self, database: sqlite3.Connection) -> None:
        """Make the file ours if it is new, and refuse what somebody else wrote."""
        (application,) = database.execute("PRAGMA application_id").fetchone()
        (version,) = database.execute("PRAGMA user_version").fetchone()
        (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application == APPLICATION_ID and version == VERSION:
            return
        if tables or application:
            raise sqlite3.DatabaseError("this is not a file of this version's devices; name another one")
        database.executescript(
            f"""BEGIN IMMEDIATE;
            CREATE TABLE kept (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
            PRAGMA application_id = {APPLICATION_ID};
            PRAGMA user_version = {VERSION};
            COMMIT;"""
        )

    def _save(self, changes: Mapping[str, bytes | None]) -> None:
        database = self._database
        if database is None:
            raise sqlite3.ProgrammingError("it was not loaded")
        gone = [(key,) for key, value in changes.items() if value is None]
        kept = [(key, value) for key, value in changes.items() if value is not None]
        database.execute("BEGIN IMMEDIATE")
        try:
            database.executemany("DELETE FROM kept WHERE key = ?", gone)
            database.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", kept)
            database.execute("COMMIT")
        except sqlite3.Error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None


def _explained(error: Exception) -> str:
    busy = isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_BUSY
    return "another device has it open" if busy else str(error)
