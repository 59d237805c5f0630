"""A transaction on the connection that writes, and the translation of the driver's errors."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from unisono.server.errors import OutcomeUnknown, Reason, Unavailable
from unisono.server.store.base import BatchRejected
from unisono.server.store.sqlite.errors import is_full

FAULTS_OF_DATA = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,
    UnicodeEncodeError,
)
"""Errors of a value that cannot be bound or is refused, unlike those of a database that cannot be used."""


@contextmanager
def translated() -> Iterator[None]:
    """Translate the driver's errors into `BatchRejected` and `Unavailable`, while nothing is committed."""
    try:
        yield
    except FAULTS_OF_DATA as error:
        raise BatchRejected(f"the database refuses the data: {error}") from error
    except sqlite3.Error as error:
        raise unavailable(error) from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what the block did at its end, or roll it back when it raises.

    Raises `OutcomeUnknown`, `Unavailable` or `BatchRejected` when the transaction itself fails. The block
    translates its own errors, so that those of a decision pass through.
    """
    with translated():
        _roll_back(connection)
        connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with translated():
            _roll_back(connection)
        raise
    _commit(connection)


@contextmanager
def unchecked(connection: sqlite3.Connection) -> Iterator[None]:
    """Switch foreign keys off, for which SQLite would read every notification once for each deleted feed.

    No index has all notifications of a feed: whoever deletes a feed asks two partial ones before.
    """
    with translated():
        connection.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        with translated():
            connection.execute("PRAGMA foreign_keys = ON")


def unavailable(error: sqlite3.Error) -> Unavailable:
    """Return the error for a database that cannot be used, or has no room; nothing was changed."""
    if is_full(error):
        return Unavailable(
            Reason.STORE_FULL, "the disk of the server is full, so that nothing can be written"
        )
    return Unavailable(Reason.STORE_UNAVAILABLE, f"the store cannot be used now: {error}")


def not_open() -> Unavailable:
    """Return the error for a store that is not open yet, or is closed again."""
    return Unavailable(Reason.STORE_UNAVAILABLE, "the store is not open")


def _commit(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if not connection.in_transaction:
            if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
                # What a commit writes last is what makes it one, and it did not fit.
                raise unavailable(error) from error
            # SQLite ended the transaction itself, perhaps after the commit was already in the log.
            raise OutcomeUnknown from error
        with translated():
            _roll_back(connection)
            raise


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
