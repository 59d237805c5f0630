"""What is done to a store beside serving it. Chooses the adapter that the settings name."""

from collections.abc import Callable
from pathlib import Path

from unisono.server.clock import RandomIds
from unisono.server.config import Settings
from unisono.server.store import sqlite

Progress = Callable[[int, int], None]
"""Told how much is done, of how much."""


def migrate(settings: Settings) -> tuple[int, int]:
    """Bring the store to the latest version, or make it: the versions before and now. Raises `StoreError`."""
    return sqlite.migrate(settings.store_file, RandomIds())


def backup(settings: Settings, target: Path, progress: Progress) -> None:
    """Copy the store as it is at one moment into a new file. Raises `StoreError`."""
    sqlite.backup(settings.store_file, target, progress)


def restore(settings: Settings, source: Path, progress: Progress, *, force: bool) -> None:
    """Make the store of a backup, with a new epoch. Raises `StoreError`."""
    sqlite.restore(source, settings.store_file, RandomIds(), progress, force=force)
