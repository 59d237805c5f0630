"""New files that take the place of others: a file is whole, or not there."""

import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from unisono.server.store.sqlite.errors import database_errors, system_errors

_PARTIAL: Final = ".partial"
"""How the name of a file ends that is being made."""

_ABANDONED: Final = 3600.0
"""Seconds after which a partial file that nobody writes to is of a process that was killed."""


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


def remove_abandoned(folder: Path, names: str) -> None:
    """Remove what processes that were killed have left of files whose names match the pattern `names`."""
    pattern = re.compile(rf"(?:{names})\.\w{{8}}{re.escape(_PARTIAL)}", re.ASCII)
    with system_errors(folder):
        for one in folder.iterdir():
            if pattern.fullmatch(one.name) and one.stat().st_mtime < time.time() - _ABANDONED:
                one.unlink(missing_ok=True)


def _partial(path: Path) -> Path:
    with system_errors(path):
        descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=_PARTIAL, dir=path.parent)
        os.close(descriptor)
        return Path(name)


def _put(partial: Path, path: Path) -> None:
    """Replace a file, at once. One with a log goes before that, and both before the new one comes: no log
    meets another file.
    """
    logs = [path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm")]
    with system_errors(path):
        _sync(partial)
        if any(one.exists() for one in logs):
            for old in (path, *logs):
                old.unlink(missing_ok=True)
        partial.rename(path)
        _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
