"""Backups that lie in a folder: how they are called, and which of them are one too many."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from unisono.server.store.base import StoreError
from unisono.server.store.sqlite.backup import Progress, backup
from unisono.server.store.sqlite.errors import system_errors
from unisono.server.store.sqlite.header import is_closed_store
from unisono.server.store.sqlite.replacing import remove_abandoned


def backup_into(source: Path, folder: Path, now: int, progress: Progress, *, keep: int | None) -> Path:
    """Copy the store into a new file of the folder, named by the time `now` (ms since 1970), and return that.

    With `keep`, all but the newest so many copies of stores of this name are deleted, once the new one is
    whole and on the disk. Raises `StoreError` as `backup`; then all are still there.
    """
    with system_errors(folder):
        if not folder.is_dir():
            raise StoreError(f"the folder {folder} does not exist; make it, or back up to another one")
    remove_abandoned(folder, _names(source))
    made = folder / f"{source.stem}-{datetime.fromtimestamp(now / 1000, UTC):%Y-%m-%dT%H%M%SZ}.db"
    backup(source, made, progress)
    if keep is not None:
        with system_errors(folder):
            for old in _beyond(folder, source, made, keep):
                old.unlink(missing_ok=True)
    return made


def _beyond(folder: Path, source: Path, made: Path, keep: int) -> list[Path]:
    """Return the copies that are older than the newest `keep`, of which `made` is one, whatever its date."""
    others = sorted(one for one in _copies(folder, source) if one != made)
    return others[: max(0, len(others) - keep + 1)]


def _copies(folder: Path, source: Path) -> Iterator[Path]:
    names = re.compile(_names(source), re.ASCII)
    return (one for one in folder.iterdir() if names.fullmatch(one.name) and is_closed_store(one))


def _names(source: Path) -> str:
    """Return the pattern of the names of a store's copies."""
    return rf"{re.escape(source.stem)}-\d{{4}}-\d\d-\d\dT\d{{6}}Z\.db"
