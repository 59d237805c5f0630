"""What errors of SQLite and of files mean: no room, or a `StoreError` for the operator who named the file."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from unisono.server.store.base import StoreError

#: What to do about a full disk. A server takes about 16 MiB for its log, and starts with less.
_FREE_ROOM: Final = "its disk is full; free some space there, 32 MiB or more"


def is_full(error: sqlite3.Error) -> bool:
    """Return whether an error says that the disk is full.

    The second code is that of the index of the log, which SQLite extends by itself
    (https://www.sqlite.org/rescode.html). A write that the system refused for another reason, such as a
    quota, cannot be told from one that a broken disk refused.
    """
    return getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)


@contextmanager
def system_errors(path: Path) -> Iterator[None]:
    """Translate `OSError` inside the block into `StoreError`, with a message that names the file."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreError(f"cannot use {path}: {_FREE_ROOM}") from error
        raise StoreError(
            f"cannot use {path}: {error.strerror}; let the server read and write it and its folder, "
            "or use another file"
        ) from error


@contextmanager
def database_errors(path: Path) -> Iterator[None]:
    """Translate `sqlite3.Error` inside the block into `StoreError`, with a message that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            raise StoreError(f"{path} is not a SQLite database; use another file") from error
        if is_full(error):
            raise StoreError(f"cannot use {path}: {_FREE_ROOM}") from error
        raise StoreError(f"cannot use {path}: {error}") from error
