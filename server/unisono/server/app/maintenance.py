"""Maintenance of a store: migration, backup and restore, with the adapter that the settings name."""

from collections.abc import Callable
from pathlib import Path

from unisono.server.clock import RandomIds
from unisono.server.config import Settings
from unisono.server.store import sqlite

Progress = Callable[[int, int], None]
"""Called with how much is done, and how much there is."""

MigrationProgress = Callable[[str, float], None]
"""Called before each step, with what it makes, and about how many seconds that takes at most."""


def migrate(settings: Settings, progress: MigrationProgress) -> tuple[int, int]:
    """Bring the store to the latest version, or create it, and return the versions before (0: new) and now.

    A store that may have what was deleted is made anew. Raises `StoreError` when a server uses the store, or
    when it cannot be migrated.
    """
    return sqlite.migrate(settings.store_file, RandomIds(), progress)


def backup(settings: Settings, target: Path, progress: Progress) -> None:
    """Copy the store as it is at one moment into the new file `target`, also while a server uses it.

    Raises `StoreError` when the target exists, or when the store cannot be copied.
    """
    sqlite.backup(settings.store_file, target, progress)


def restore(settings: Settings, source: Path, progress: Progress, *, force: bool) -> None:
    """Make the store from the backup `source`, with a new epoch, so that devices start anew.

    Raises `StoreError` when a server uses the store, when it exists and `force` is not set, or when the
    backup cannot be used.
    """
    sqlite.restore(source, settings.store_file, RandomIds(), progress, force=force)
