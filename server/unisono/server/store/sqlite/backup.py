"""Backup and restore: copies of a store's file, taken while a server may use it."""

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from unisono.server.clock import Ids
from unisono.server.store.base import StoreError
from unisono.server.store.sqlite import schema
from unisono.server.store.sqlite.errors import database_errors, system_errors
from unisono.server.store.sqlite.file import check, lock
from unisono.server.store.sqlite.header import is_closed_store
from unisono.server.store.sqlite.replacing import remove_abandoned, replacing

Progress = Callable[[int, int], None]
"""Called with the number of pages copied so far, and the number of all."""

_PAGES_PER_STEP = 256
_MB: Final = 1024 * 1024


def backup(source: Path, target: Path, progress: Progress, *, replace: bool = False) -> None:
    """Copy the store as it is at one moment into the file `target`, also while a server uses it.

    The target is whole and on the disk, or as it was before. Raises `StoreError` when there is no room, when
    the source is not a store, or is damaged, when a file cannot be used, or when the target exists; with
    `replace` only when it is not a backup, or something has it open.
    """
    source, target = source.resolve(), target.resolve()
    if _exists(target):
        _check_replaceable(target, source, replace=replace)
    remove_abandoned(target.parent, re.escape(target.name))
    with reading(source) as original, replacing(target) as copy:
        _check_room(original, target)
        _copy(original, copy, progress)
        # Older ones may go for it.
        _check_whole(copy, f"the copy of {source}", "no backup was made, and none was deleted")


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
        _check_whole(original, str(source), "use another backup")
        with replacing(target) as copy:
            _copy(original, copy, progress)
            copy.execute("PRAGMA secure_delete = ON")
            copy.execute("UPDATE meta SET epoch = ?", (ids.epoch(),))
            copy.execute("UPDATE endpoints SET session_id = ''")


def _check_replaceable(target: Path, source: Path, *, replace: bool) -> None:
    if not replace:
        raise StoreError(f"{target} exists; back up to another file, or take its place with --replace")
    with system_errors(target):
        if target.samefile(source):
            raise StoreError(f"{target} is the store itself; back up to another file")
        if not is_closed_store(target):
            raise StoreError(f"{target} is not a backup, or something has it open; back up to another file")


def _check_room(original: sqlite3.Connection, target: Path) -> None:
    """Raise before the disk is filled up, which may be that of the server."""
    (pages,) = original.execute("PRAGMA page_count").fetchone()
    (page,) = original.execute("PRAGMA page_size").fetchone()
    with system_errors(target):
        free = shutil.disk_usage(target.parent).free
    if pages * page > free:
        raise StoreError(
            f"the backup takes {pages * page // _MB + 1} MB, and the disk of {target} has {free // _MB} free"
        )


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


def _copy(original: sqlite3.Connection, copy: sqlite3.Connection, progress: Progress) -> None:
    """Copy inside the read transaction of the original, so that a busy server does not make it start over."""
    original.backup(
        copy,
        pages=_PAGES_PER_STEP,
        progress=lambda status, remaining, total: progress(total - remaining, total),
    )


def _check_whole(connection: sqlite3.Connection, what: str, advice: str) -> None:
    faults = connection.execute("PRAGMA integrity_check(1)").fetchall()
    if faults != [("ok",)]:
        raise StoreError(f"{what} is damaged: {faults[0][0]}; {advice}")
