"""Brings the file of a store to the latest version, and makes it anew where it may have what was deleted."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from unisono.server.clock import Ids
from unisono.server.store.base import StoreError
from unisono.server.store.migrating import MigrationPlan, MigrationStep
from unisono.server.store.sqlite import schema
from unisono.server.store.sqlite.backup import reading
from unisono.server.store.sqlite.errors import database_errors, system_errors
from unisono.server.store.sqlite.file import check, create, lock
from unisono.server.store.sqlite.replacing import replacing
from unisono.server.store.sqlite.schema import Progress

_RESERVE: Final = 1024 * 1024
"""Bytes that the disk keeps free beside a copy of the file."""


def migrate(path: Path, ids: Ids, progress: Progress) -> tuple[int, int]:
    """Bring the file to the latest version, or create it, and return the versions before (0: new) and now.

    A file of a later version stays as it is. One that was written by a server that did not overwrite what it
    deleted is then made anew, which needs as much room beside it, and leaves nothing of that. Goes on where
    an earlier run was cut off. Raises `StoreError` when a server uses the file, when there is too little
    room, or when it is not a store that this server may use.
    """
    path = path.resolve()
    with closing(lock(path)), database_errors(path):
        create(path)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            check(connection, path)
            before = schema.version(connection)
            if schema.is_new(connection):
                schema.create(connection, ids)
            schema.upgrade(connection, progress)
            anew = None if schema.is_clean(connection) else _anew(connection)
            now, size = schema.version(connection), _size(connection)
        if anew:
            progress(*anew)
            _make_anew(path, size)
        return before, now


def plan_migration(path: Path) -> MigrationPlan:
    """Return what `migrate` would do to a file that is there; a server may use it.

    Raises `StoreError` when it is not a store that this server may use.
    """
    path = path.resolve()
    with reading(path) as connection:
        steps = [*schema.steps(connection)]
        if not schema.is_clean(connection):
            steps.append(_anew(connection))
        return MigrationPlan(
            version=schema.version(connection),
            compatible_from=schema.compatible_from(connection),
            version_after=max(schema.version(connection), schema.latest()),
            compatible_from_after=schema.compatible_from_after(connection),
            steps=steps,
        )


def _anew(connection: sqlite3.Connection) -> MigrationStep:
    seconds = _pragma(connection, "page_count") / schema.PAGES_PER_SECOND
    return MigrationStep("the file anew, without what was deleted before", seconds)


def _size(connection: sqlite3.Connection) -> int:
    return _pragma(connection, "page_count") * _pragma(connection, "page_size")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _make_anew(path: Path, size: int) -> None:
    """Put a copy of the rows, of at most `size` bytes, in the place of the file, as a whole or not at all."""
    with system_errors(path):
        free = max(shutil.disk_usage(path.parent).free - _RESERVE, 0)
    if free < size:
        raise StoreError(
            f"{path} has to be made anew, which takes {_mebibytes(size)} MiB beside it, and there are "
            f"{_mebibytes(free)} MiB; free some space there, and run it again"
        )
    with replacing(path) as copy:
        ((_, _, name),) = copy.execute("PRAGMA database_list")
        with closing(sqlite3.connect(path, isolation_level=None)) as original:
            original.execute("VACUUM INTO ?", (name,))
        schema.set_clean(copy)


def _mebibytes(size: int) -> int:
    return size // (1024 * 1024)
