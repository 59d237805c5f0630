"""Opens the file of a store, and refuses with a message for the operator what is not one."""

import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from unisono.server.clock import Ids
from unisono.server.store.base import StoreError
from unisono.server.store.sqlite import renames, schema
from unisono.server.store.sqlite.errors import database_errors, is_full, system_errors
from unisono.server.store.sqlite.lock import FileLock
from unisono.server.store.sqlite.place import Place

log = structlog.get_logger(__name__)

OLDEST_SQLITE = (3, 37, 0)
"""The first version with STRICT tables: https://www.sqlite.org/stricttables.html."""

CACHE_BYTES = 64 * 1024 * 1024
"""Bytes of pages that the writer caches at most: a commit touches four pages for each of its users."""

LOG_PAGES = 4000
"""Pages that the write-ahead log has when it is written back: 16 MiB, four times SQLite's default.

The longer the log, the fewer pages are written twice, and the longer the commit waits that has to do it. The
log has this length from the start: while a file grows, each sync writes its new length, too, which doubles
the time of a commit.
"""

#: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
_PAGE_BYTES = 4096
_FRAME_HEADER_BYTES = 24

LOG_STEP = 1024 * 1024
"""Bytes by which a log that was cleared is lengthened at a time: commits wait for no more."""

LOG_BYTES = 64 * 1024 * 1024
"""Bytes to which the log is cut back after a long read, such as a backup, has let it grow."""


MAX_UPGRADE_SECONDS = 10
"""For how long a start may be busy with a file of an older version: who waits for it may give it up."""


class File:
    """The file of a store: locked, of the latest version or a later one, with the one connection that writes.

    An instance belongs to the thread that made it.
    """

    def __init__(self, path: Path, ids: Ids, *, busy_timeout: int) -> None:
        """Lock, create if missing, and open the file; `busy_timeout` is in milliseconds.

        One of an older version is brought to the latest. Raises `StoreError` when that takes long, when
        another server has the file, when a rename of users was cut off, or when it is not a store that this
        server may use.
        """
        self._lock = lock(path)
        try:
            create(path)
            self._connection, self._cleared = _connect(path, ids, busy_timeout)
            self._place = Place(path)
        except BaseException:
            self._lock.close()
            raise

    @property
    def epoch(self) -> bytes:
        """The epoch of the store, eight bytes."""
        (epoch,) = self._connection.execute("SELECT epoch FROM meta").fetchone()
        return bytes(epoch)

    @property
    def bar_key(self) -> bytes:
        """The key of the bars, 32 bytes."""
        (key,) = self._connection.execute("SELECT key FROM bar_key").fetchone()
        return bytes(key)

    @property
    def prefixes(self) -> Mapping[str, Sequence[str]]:
        """See `Store.prefixes`."""
        return renames.prefixes(self._connection)

    def writable(self) -> sqlite3.Connection:
        """Return the connection, to write with it.

        Clears the sessions first, where that could not be done before. Raises `sqlite3.Error`, and
        `Unavailable` where the file is not in its place any more.
        """
        self._place.check()
        if not self._cleared:
            _clear_sessions(self._connection)
            self._cleared = True
        return self._connection

    def close(self) -> None:
        """Close the connection, which writes the log back into the file, and release the lock."""
        try:
            self._connection.close()
        finally:
            self._lock.close()


def lock(path: Path) -> FileLock:
    """Lock the file of a store, which need not exist yet, unlike its folder.

    Raises `StoreError` when another process has the lock, the path cannot be used, or SQLite is too old.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old; the server needs {needed} or later")
    with system_errors(path):
        if not path.parent.is_dir():
            raise StoreError(f"the folder {path.parent} does not exist; make it, or use another file")
        if path.is_dir():
            raise StoreError(f"{path} is a folder; name a file in it")
        return FileLock(path)


def create(path: Path) -> None:
    """Create the file if it is missing, for its owner only. Raises `StoreError` when it cannot be written."""
    with system_errors(path):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `StoreError` unless the file is new, or a store that this server may use, once upgraded."""
    if schema.is_new(connection):
        return
    if not schema.is_ours(connection):
        raise StoreError(f"{path} is a database of another program; use another file")
    if schema.version(connection) < schema.OLDEST:
        raise StoreError(f"{path} was made before the first release of the server; start with a new file")
    if schema.compatible_from(connection) > schema.latest():
        raise StoreError(
            f"{path} has version {schema.version(connection)}, which servers from version "
            f"{schema.compatible_from(connection)} on may use, and this one has version {schema.latest()}; "
            "use the newer server that made it"
        )


def _connect(path: Path, ids: Ids, busy_timeout: int) -> tuple[sqlite3.Connection, bool]:
    """Return the connection, and whether the sessions could be cleared: not on a full disk."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        with database_errors(path):
            _prepare(connection, path, ids, busy_timeout)
            cleared = _have_cleared(connection)
            lengthen_log(path)
    except BaseException:
        connection.close()
        raise
    return connection, cleared


def _prepare(connection: sqlite3.Connection, path: Path, ids: Ids, busy_timeout: int) -> None:
    connection.execute(f"PRAGMA busy_timeout = {busy_timeout}")
    check(connection, path)
    configure(connection, path)
    if schema.is_new(connection):
        schema.create(connection, ids)
    if schema.version(connection) < schema.latest():
        _upgrade(connection, path)
    elif schema.version(connection) > schema.latest():
        log.info("store of a newer server", version=schema.version(connection), known=schema.latest())
    renames.check_complete(connection, path)
    if not schema.is_clean(connection):
        log.warning(
            "the file may have what was deleted before", advice="unisono-server migrate makes it anew"
        )


def configure(connection: sqlite3.Connection, path: Path) -> None:
    """Let a connection to a store, or to a new file, write as all that write to it do.

    Raises `StoreError` where the file system does not let it.
    """
    if connection.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
        raise StoreError(f"the file system of {path} does not let SQLite keep a log; use a local disk")
    # OK means "on the disk": NORMAL may lose the last commits when the power fails.
    connection.execute("PRAGMA synchronous = FULL")
    # What is deleted is overwritten with zeros at once: https://www.sqlite.org/pragma.html#pragma_secure_delete.
    # Only where that was always so, no more of a user is left than what docs/storage.md tells of.
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA cache_size = {-CACHE_BYTES // 1024}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")


def _have_cleared(connection: sqlite3.Connection) -> bool:
    """Clear the sessions, and return whether the disk has room for that: reading needs none."""
    try:
        _clear_sessions(connection)
    except sqlite3.OperationalError as error:
        if not is_full(error):
            raise
        log.warning("the disk is full: nothing can be written, and what is stored can be read")
        return False
    return True


def _clear_sessions(connection: sqlite3.Connection) -> None:
    """Let no endpoint name a session: no other server uses the file, and none of an earlier one is open."""
    connection.execute("UPDATE endpoints SET session_id = '' WHERE session_id <> ''")


def _upgrade(connection: sqlite3.Connection, path: Path) -> None:
    seconds = sum(step.seconds for step in schema.steps(connection))
    if seconds > MAX_UPGRADE_SECONDS:
        raise StoreError(
            f"{path} is of an older version, and to bring it to this one may take {seconds:.0f} s; "
            "run `unisono-server migrate` on it first"
        )
    before = schema.version(connection)
    schema.upgrade(connection, lambda *_: None)
    usable_from = schema.compatible_from(connection)
    log.info("store upgraded", version=schema.latest(), before=before, compatible_from=usable_from)


def lengthen_log(path: Path, limit: int = LOG_BYTES) -> bool:
    """Fill the log up with zeros, which are not log entries: to SQLite, it ends where it ended before.

    Writes about `limit` bytes at most, and returns whether it was that many.
    """
    beside = path.with_name(f"{path.name}-wal")
    # On a disk without enough room, the log gets as long as it can.
    with suppress(OSError), beside.open("ab") as file:
        missing = LOG_PAGES * (_PAGE_BYTES + _FRAME_HEADER_BYTES) - file.tell()
        for _ in range(min(missing, limit) // _PAGE_BYTES):
            file.write(bytes(_PAGE_BYTES))
        os.fsync(file.fileno())
        return missing > limit
    return False
