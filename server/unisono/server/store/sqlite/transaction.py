"""One transaction on the writer's connection, and what the driver's errors mean for a caller."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from unisono.server.errors import OutcomeUnknown, Reason, Unavailable
from unisono.server.store.base import BatchRejected

FAULTS_OF_DATA = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,
    UnicodeEncodeError,
)
"""What is raised when a value cannot be bound or is refused, as against a database in trouble."""


@contextmanager
def translated() -> Iterator[None]:
    """Turns the driver's errors into those of the contract, for a moment when nothing is committed."""
    try:
        yield
    except FAULTS_OF_DATA as error:
        raise BatchRejected(f"the database refuses the data: {error}") from error
    except sqlite3.Error as error:
        raise unavailable(error) from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything inside is committed at the end, or nothing is when anything is raised.

    The block translates its own errors, so that those of a decision pass through.
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


def unavailable(error: sqlite3.Error) -> Unavailable:
    """The database is in trouble; nothing was changed."""
    return Unavailable(Reason.STORE_UNAVAILABLE, f"the store cannot be used now: {error}")


def not_open() -> Unavailable:
    """The store is not open yet, or is closed again."""
    return Unavailable(Reason.STORE_UNAVAILABLE, "the store is not open")


def _commit(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if not connection.in_transaction:
            # SQLite gave up by itself, perhaps after the commit was already in the log.
            raise OutcomeUnknown from error
        with translated():
            _roll_back(connection)
            raise


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
