"""Copies a store's file while it is used, and puts such a copy in the place of a store."""

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
"""Told how many pages are copied, of how many."""

_PAGES_PER_STEP = 256


def backup(source: Path, target: Path, progress: Progress) -> None:
    """Copy the store as it is at one moment, also while a server uses it, into a new file.

    The target is complete or not there. Raises StoreError.
    """
    source, target = source.resolve(), target.resolve()
    if _exists(target):
        raise StoreError(f"{target} exists; back up to another file, or remove it first")
    with _reading(source) as original, _replacing(target) as copy:
        _copy(original, copy, progress)


def restore(source: Path, target: Path, ids: Ids, progress: Progress, *, force: bool = False) -> None:
    """Make a store of a backup, with a new epoch: what devices hold of the old one is void.

    A store that is there already is only overwritten by `force`, and never while a server uses it.
    Raises StoreError.
    """
    source, target = source.resolve(), target.resolve()
    with closing(lock(target)), _reading(source) as original:
        if _exists(target) and not force:
            raise StoreError(f"{target} exists; restore to another file, or overwrite it with --force")
        _check_whole(original, source)
        with _replacing(target) as copy:
            _copy(original, copy, progress)
            copy.execute("UPDATE meta SET epoch = ?", (ids.epoch(),))
            copy.execute("UPDATE endpoints SET session_id = ''")


def _exists(path: Path) -> bool:
    with system_errors(path):
        return path.exists()


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that sees one moment of a store and changes nothing."""
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
def _replacing(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a file that takes the place of `path` at the end, if nothing is raised."""
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
    """Within the read transaction of the original, so that a busy server does not start it over."""
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
    """The old file goes before its log does, and both before the new file comes: no log meets another's."""
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
