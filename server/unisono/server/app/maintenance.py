"""Maintenance of a store: migration, backup, restore, renames, with the adapter that the settings name."""

from collections.abc import Callable
from pathlib import Path

from unisono.server.clock import RandomIds, SystemClock
from unisono.server.config import Settings
from unisono.server.core.access.claims import USER_ID_BYTES
from unisono.server.store import sqlite
from unisono.server.store.migrating import MigrationPlan
from unisono.server.store.renaming import Rename, RenamePlan

Progress = Callable[[int, int], None]
"""Called with how much is done, and how much there is."""

MigrationProgress = Callable[[str, float], None]
"""Called before each step, with what it makes, and about how many seconds that takes at most."""


def migrate(settings: Settings, progress: MigrationProgress) -> tuple[int, int]:
    """Bring the store to the latest version, or create it, and return the versions before (0: new) and now.

    A store of a later version stays as it is. One that may have what was deleted is made anew. Raises
    `StoreError` when a server uses the store, or when it cannot be migrated.
    """
    return sqlite.migrate(settings.store_file, RandomIds(), progress)


def plan_migration(settings: Settings) -> MigrationPlan:
    """Return what `migrate` would do to the store, also while a server uses it.

    Raises `StoreError` when there is none, or it cannot be read.
    """
    return sqlite.plan_migration(settings.store_file)


def backup(settings: Settings, target: Path, progress: Progress, *, replace: bool) -> Path:
    """Copy the store as it is at one moment into the file `target`, also while a server uses it; return that.

    Raises `StoreError` when the target exists, with `replace` when it is not a backup, and when the store
    cannot be copied.
    """
    sqlite.backup(settings.store_file, target, progress, replace=replace)
    return target


def backup_into(settings: Settings, folder: Path, progress: Progress, *, keep: int | None) -> Path:
    """Copy the store as `backup` does into a new file of the folder, with the time in its name; return that.

    With `keep`, all but so many copies are then deleted, the oldest first. Raises `StoreError` as `backup`.
    """
    return sqlite.backup_into(settings.store_file, folder, SystemClock().now(), progress, keep=keep)


def restore(settings: Settings, source: Path, progress: Progress, *, force: bool) -> None:
    """Make the store from the backup `source`, with a new epoch, so that devices start anew.

    Raises `StoreError` when a server uses the store, when it exists and `force` is not set, or when the
    backup cannot be used.
    """
    sqlite.restore(source, settings.store_file, RandomIds(), progress, force=force)


def plan_rename(settings: Settings, rename: Rename) -> RenamePlan:
    """Return what a rename of the users of an app would do, also while a server uses the store.

    Raises `StoreError` when nobody of the app is in the store, or that cannot be read.
    """
    return sqlite.plan_rename(settings.store_file, rename, max_bytes=user_id_bytes(settings))


def rename_users(
    settings: Settings, rename: Rename, progress: Progress, *, keep_prefixed: bool
) -> RenamePlan:
    """Rename the users of an app where that is possible, or go on where it was cut off; return the plan.

    Raises `StoreError` as `plan_rename`, and when a server uses the store.
    """
    return sqlite.rename_users(
        settings.store_file,
        rename,
        progress,
        max_bytes=user_id_bytes(settings),
        keep_prefixed=keep_prefixed,
    )


def user_id_bytes(settings: Settings) -> int:
    """Return how long the id of a user may be, in bytes, so that both devices and publishers can name it."""
    return min(USER_ID_BYTES, settings.id_bytes)
