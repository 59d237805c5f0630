"""The version of a file: what it is, who may use it, and how it becomes the latest.

`PRAGMA user_version` is `compatible_from`, since servers up to version 10 look at that alone, and refuse what
is above their own. The version itself is in the table `meta` from version 11 on; before, both were the same.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

from unisono.server.clock import Ids
from unisono.server.store.migrating import MigrationStep
from unisono.server.store.sqlite import migrations
from unisono.server.store.sqlite.migrations import Migration

APPLICATION_ID: Final = 0x756E6973
"""Marks a file as a store ("unis"): https://www.sqlite.org/pragma.html#pragma_application_id."""

OLDEST: Final = 3
"""The version that the first migration makes. Lower versions were made before there was any release."""

PAGES_PER_SECOND: Final = 20_000
"""How many pages of 4 KiB a migration that reads all notifications gets through in a second, at least.

Seven times as many were measured on a local disk that nothing was cached of (docs/storage.md, Upgrade).
"""

Progress = Callable[[str, float], None]
"""Called before each step of an upgrade, with what it makes, and about how many seconds it takes at most."""


def latest() -> int:
    """Return the version that this server reads and writes."""
    return OLDEST + len(migrations.MIGRATIONS) - 1


def version(connection: sqlite3.Connection) -> int:
    """Return the version of the file; 0 for a new one."""
    if not _has(connection, "version"):
        return compatible_from(connection)
    return int(connection.execute("SELECT version FROM meta").fetchone()[0])


def compatible_from(connection: sqlite3.Connection) -> int:
    """Return the oldest version whose servers may use the file; 0 for a new one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def compatible_from_after(connection: sqlite3.Connection) -> int:
    """Return what `compatible_from` is once the file is of the latest version."""
    return _raised(compatible_from(connection), _pending(connection))


def is_new(connection: sqlite3.Connection) -> bool:
    """Return whether nothing was ever put into the file."""
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return not objects and not _application_id(connection) and not compatible_from(connection)


def is_ours(connection: sqlite3.Connection) -> bool:
    """Return whether the file is a store of this service, of any version."""
    return _application_id(connection) == APPLICATION_ID


def create(connection: sqlite3.Connection, ids: Ids) -> None:
    """Make a new file a store of the latest version with an epoch of its own, in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    for migration in migrations.MIGRATIONS:
        _execute(connection, migration)
    connection.execute("INSERT INTO meta (epoch, clean) VALUES (?, 1)", (ids.epoch(),))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    _record(connection, latest(), _raised(0, migrations.MIGRATIONS))
    connection.execute("COMMIT")


def is_clean(connection: sqlite3.Connection) -> bool:
    """Return whether all that was ever deleted from a store was overwritten."""
    return _has(connection, "clean") and bool(connection.execute("SELECT clean FROM meta").fetchone()[0])


def set_clean(connection: sqlite3.Connection) -> None:
    """Say that a store of the latest version has nothing of what was deleted."""
    connection.execute("UPDATE meta SET clean = 1")


def steps(connection: sqlite3.Connection) -> Sequence[MigrationStep]:
    """Return what `upgrade` does, in order; empty for a file of the latest version, or of a later one."""
    first = version(connection) + 1
    return [_step(connection, first + n, made) for n, made in enumerate(_pending(connection))]


def upgrade(connection: sqlite3.Connection, progress: Progress) -> None:
    """Bring a store to the latest version, one version after the other, each in a transaction of its own.

    One that is cut off goes on at the version that it had reached.
    """
    for migration in _pending(connection):
        following = version(connection) + 1
        progress(*_step(connection, following, migration))
        connection.execute("BEGIN IMMEDIATE")
        _execute(connection, migration)
        _record(connection, following, _raised(compatible_from(connection), [migration]))
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _pending(connection: sqlite3.Connection) -> Sequence[Migration]:
    return migrations.MIGRATIONS[version(connection) - OLDEST + 1 :]


def _raised(before: int, following: Sequence[Migration]) -> int:
    """Return what `compatible_from` is after some migrations."""
    return max([before, *(migration.compatible_from or before for migration in following)])


def _step(connection: sqlite3.Connection, made: int, migration: Migration) -> MigrationStep:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    seconds = pages / PAGES_PER_SECOND if migration.reads_notifications else 0.0
    return MigrationStep(f"version {made}", seconds)


def _execute(connection: sqlite3.Connection, migration: Migration) -> None:
    for statement in migration.statements:
        connection.execute(statement)


def _record(connection: sqlite3.Connection, made: int, usable_from: int) -> None:
    connection.execute(f"PRAGMA user_version = {usable_from}")
    if _has(connection, "version"):
        connection.execute("UPDATE meta SET version = ?", (made,))


def _has(connection: sqlite3.Connection, column: str) -> bool:
    """Return whether the table `meta` has the column, which no older version has."""
    found = "SELECT count(*) FROM pragma_table_info('meta') WHERE name = ?"
    return bool(connection.execute(found, (column,)).fetchone()[0])


def _application_id(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA application_id").fetchone()[0])
