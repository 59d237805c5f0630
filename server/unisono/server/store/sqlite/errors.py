"""Errors of files, translated into `StoreError` for the operator who named the file."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unisono.server.store.base import StoreError


@contextmanager
def system_errors(path: Path) -> Iterator[None]:
    """Translate `OSError` inside the block into `StoreError`, with a message that names the file."""
    try:
        yield
    except OSError as error:
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
        raise StoreError(f"cannot use {path}: {error}") from error
