"""Where a device saves what must outlive its process: keys and bytes."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Protocol, TypeVar

from unisono.client._errors import StorageFailed

Result = TypeVar("Result")

#: "Unis" in ASCII, which marks the files of devices among other SQLite files.
APPLICATION_ID: Final = 0x556E6973
VERSION: Final = 1


class Storage(Protocol):
    """A small mapping of strings to bytes, of one device. Implement it to save that somewhere else.

    A device has a few keys, and one for each notification and each pending mark. It awaits one method at a
    time, but may call `close` during `load`. Any exception counts as `StorageFailed`.
    """

    async def load(self) -> Mapping[str, bytes]:
        """Return all that is saved; empty for a new storage. Called once, before the others.

        Raises `StorageFailed`, which `Device.open` raises.
        """
        ...

    async def save(self, changes: Mapping[str, bytes | None]) -> None:
        """Set these keys, and remove those whose value is None: all or nothing, also when cancelled.

        Raises `StorageFailed` when nothing was saved: the device goes on, and saves its inbox again later.
        """
        ...

    async def close(self) -> None:
        """Release what the storage holds. Nothing is called after it."""
        ...


class MemoryStorage:
    """Saves a device's state in this object, which outlives `close`: another device may go on with it."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    async def load(self) -> Mapping[str, bytes]:
        """Return all that is saved. See `Storage.load`."""
        return dict(self._kept)

    async def save(self, changes: Mapping[str, bytes | None]) -> None:
        """Set and remove keys. See `Storage.save`."""
        for key, value in changes.items():
            if value is None:
                self._kept.pop(key, None)
            else:
                self._kept[key] = value

    async def close(self) -> None:
        """Do nothing: the state stays."""


class FileStorage:
    """Saves a device's state in a file, an SQLite database in WAL mode, for one device at a time.

    What was saved survives the end of the process. A power failure may lose the last saves, never a part of
    one (https://www.sqlite.org/pragma.html#pragma_synchronous, NORMAL): the device is behind then, and
    catches up, but a mark made offline may be lost.
    """

    def __init__(self, path: str | Path) -> None:
        """Name the file, which `load` makes if there is none, for its owner alone (mode 0600).

        Its folder must exist; while it is open, a second file with "-wal" added to its name is beside it.
        Nothing is opened yet. One storage serves one device: make another after that is closed.
        """
        self._path = Path(path)
        # SQLite waits for the disk, which the event loop must not.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="unisono-storage")
        self._database: sqlite3.Connection | None = None
        self._closed = False

    async def load(self) -> Mapping[str, bytes]:
        """Open the file, and return all that is saved.

        Raises `StorageFailed` when it cannot be opened, is not a file of a device, is open in another
        device of this or another process, or is closed.
        """
        self._check_open()
        return await self._run(self._load)

    async def save(self, changes: Mapping[str, bytes | None]) -> None:
        """Set and remove keys in one transaction. Raises `StorageFailed`, and nothing is saved then."""
        self._check_open()
        await self._run(self._save, changes)

    async def close(self) -> None:
        """Close the file. May be called twice. Raises `StorageFailed`."""
        if not self._closed:
            self._closed = True
            try:
                await self._run(self._close)
            finally:
                self._thread.shutdown(wait=False)

    def _check_open(self) -> None:
        if self._closed:
            raise StorageFailed(f"{self._path}: this storage was closed with its device; make another one")

    async def _run(self, work: Callable[..., Result], *arguments: object) -> Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
        except (sqlite3.Error, OSError) as error:
            raise StorageFailed(f"{self._path}: {_explained(error)}") from error

    def _load(self) -> Mapping[str, bytes]:
        # Notifications are for the user's eyes: nobody else may read the file.
        # One that is there is not opened for that: closing it would end this process's locks on it.
        if not self._path.exists():
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        self._database = sqlite3.connect(self._path, timeout=0, check_same_thread=False, isolation_level=None)
        # Two devices on one position would each miss what the other received.
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._claim(self._database)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        # What the server deletes is not left in the file either.
        self._database.execute("PRAGMA secure_delete = ON")
        return dict(self._database.execute("SELECT key, value FROM kept"))

    def _claim(self, database: sqlite3.Connection) -> None:
        """Mark the file as a device's if it is new; raise for a file that something else wrote."""
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
