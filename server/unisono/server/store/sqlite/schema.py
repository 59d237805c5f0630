"""The version of a file: what it is, and how it becomes the latest."""

import sqlite3
from collections.abc import Callable
from typing import Final

from unisono.server.clock import Ids
from unisono.server.store.sqlite import migrations
from unisono.server.store.sqlite.migrations import Migration

APPLICATION_ID: Final = 0x756E6973
"""Marks a file as a store ("unis"): https://www.sqlite.org/pragma.html#pragma_application_id."""

OLDEST: Final = 3
"""The version that the first migration makes. Lower versions were made before there was any release."""

PAGES_PER_SECOND: Final = 20_000
"""How many pages of 4 KiB a migration that reads all notifications gets through in a second, at least.

Seven times as many were measured on a local disk that nothing was cached of (docs/operating.md, Upgrade).
"""

Progress = Callable[[str, float], None]
"""Called before each step of an upgrade, with what it makes, and about how many seconds it takes at most."""


def latest() -> int:
    """Return the version that this server reads and writes."""
    return OLDEST + len(migrations.MIGRATIONS) - 1


def version(connection: sqlite3.Connection) -> int:
    """Return the version of the file; 0 for a new one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def is_new(connection: sqlite3.Connection) -> bool:
    """Return whether nothing was ever put into the file."""
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return not objects and not _application_id(connection) and not version(connection)


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
    connection.execute(f"PRAGMA user_version = {latest()}")
    connection.execute("COMMIT")


def is_clean(connection: sqlite3.Connection) -> bool:
    """Return whether all that was ever deleted from a store of the latest version was overwritten."""
    return bool(connection.execute("SELECT clean FROM meta").fetchone()[0])


def set_clean(connection: sqlite3.Connection) -> None:
    """Say that a store of the latest version has nothing of what was deleted."""
    connection.execute("UPDATE meta SET clean = 1")


def upgrade_seconds(connection: sqlite3.Connection) -> float:
    """Return how many seconds `upgrade` takes at most, about."""
    return sum(_seconds(connection, migration) for migration in _pending(connection))


def upgrade(connection: sqlite3.Connection, progress: Progress) -> None:
    """Bring a store to the latest version, one version after the other, each in a transaction of its own.

    One that is cut off goes on at the version that it had reached.
    """
    for migration in _pending(connection):
        following = version(connection) + 1
        progress(f"version {following}", _seconds(connection, migration))
        connection.execute("BEGIN IMMEDIATE")
        _execute(connection, migration)
        connection.execute(f"PRAGMA user_version = {following}")
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _pending(connection: sqlite3.Connection) -> tuple[Migration, ...]:
    return migrations.MIGRATIONS[version(connection) - OLDEST + 1 :]


def _seconds(connection: sqlite3.Connection, migration: Migration) -> float:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    return float(pages / PAGES_PER_SECOND) if migration.reads_notifications else 0.0


def _execute(connection: sqlite3.Connection, migration: Migration) -> None:
    for statement in migration.statements:
        connection.execute(statement)


def _application_id(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA application_id").fetchone()[0])
