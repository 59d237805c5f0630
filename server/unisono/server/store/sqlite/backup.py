"""Backup and restore: copies of a store's file, taken while a server may use it."""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from unisono.server.clock import Ids
from unisono.server.store.base import StoreError
from unisono.server.store.sqlite import schema
from unisono.server.store.sqlite.errors import database_errors, system_errors
from unisono.server.store.sqlite.file import check, lock

Progress = Callable[[int, int], None]
"""Called with the number of pages copied so far, and the number of all."""

_PAGES_PER_STEP = 256


def backup(source: Path, target: Path, progress: Progress) -> None:
    """Copy the store as it is at one moment into the new file `target`, also while a server uses it.

    The target is complete or not there. Raises `StoreError` when the target exists, the source is not a
    store, or a file cannot be used.
    """
    source, target = source.resolve(), target.resolve()
    if _exists(target):
        raise StoreError(f"{target} exists; back up to another file, or remove it first")
    with reading(source) as original, replacing(target) as copy:
        _copy(original, copy, progress)


def restore(source: Path, target: Path, ids: Ids, progress: Progress, *, force: bool = False) -> None:
    """Make a store at `target` from the backup `source`, with a new epoch, which voids the positions of
    devices.

    The sessions of its endpoints are cleared. The target is replaced as a whole or not at all. Raises
    `StoreError` when it exists and `force` is not set, when a server uses it, when the backup is damaged or
    not a store, or when a file cannot be used.
    """
    source, target = source.resolve(), target.resolve()
    with closing(lock(target)), reading(source) as original:
        if _exists(target) and not force:
            raise StoreError(f"{target} exists; restore to another file, or overwrite it with --force")
        _check_whole(original, source)
        with replacing(target) as copy:
            _copy(original, copy, progress)
            copy.execute("PRAGMA secure_delete = ON")
            copy.execute("UPDATE meta SET epoch = ?", (ids.epoch(),))
            copy.execute("UPDATE endpoints SET session_id = ''")


def _exists(path: Path) -> bool:
    with system_errors(path):
        return path.exists()


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a store's file read-only, in one snapshot, also while a server uses it.

    Raises `StoreError` when it is not there, or not a store that this server may use.
    """
    if not _exists(path):
        raise StoreError(f"{path} does not exist; name the file of a store")
    uri = f"{path.as_uri()}?mode=ro"
    with database_errors(path), closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        if schema.is_new(connection):
            raise StoreError(f"{path} is empty; name the file of a store")
        check(connection, path)
        yield connection


@contextmanager
def replacing(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a new file that takes the place of `path` at the end, if nothing is raised."""
    partial = _partial(path)
    try:
        with database_errors(partial), closing(sqlite3.connect(partial, isolation_level=None)) as connection:
            yield connection
            # A log beside it would be one file more to lose.
            connection.execute("PRAGMA journal_mode = DELETE")
        _put(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _partial(path: Path) -> Path:
    with system_errors(path):
        descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".partial", dir=path.parent)
        os.close(descriptor)
        return Path(name)


def _copy(original: sqlite3.Connection, copy: sqlite3.Connection, progress: Progress) -> None:
    """Copy inside the read transaction of the original, so that a busy server does not make it start over."""
    original.backup(
        copy,
        pages=_PAGES_PER_STEP,
        progress=lambda status, remaining, total: progress(total - remaining, total),
    )


def _check_whole(connection: sqlite3.Connection, path: Path) -> None:
    faults = connection.execute("PRAGMA integrity_check(1)").fetchall()
    if faults != [("ok",)]:
        raise StoreError(f"{path} is damaged: {faults[0][0]}; use another backup")


def _put(partial: Path, path: Path) -> None:
    """Replace a file. The old one goes before its log, and both before the new one comes: no log meets
    another file.
    """
    with system_errors(path):
        _sync(partial)
        for old in ("", "-wal", "-shm"):
            path.with_name(path.name + old).unlink(missing_ok=True)
        partial.rename(path)
        _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
