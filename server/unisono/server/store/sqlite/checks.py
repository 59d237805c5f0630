"""What is read and written to see whether a file can be used."""

from sqlite3 import Connection
from typing import Final

from unisono.server.store.sqlite.schema import APPLICATION_ID
from unisono.server.store.sqlite.transaction import transaction, translated

_TABLES: Final = ("meta", "feeds", "notifications", "endpoints")


def nothing(connection: Connection) -> None:
    """Do nothing: whoever calls wants to know whether it is called."""


def read(connection: Connection) -> None:
    """Read a row of each large table. Raises `sqlite3.Error`."""
    for table in _TABLES:
        connection.execute(f"SELECT * FROM {table} LIMIT 1").fetchone()  # noqa: S608  the names are ours


def write(connection: Connection) -> None:
    """Commit what changes nothing: one page goes to the log, and to the disk. Raises as `transaction` does.

    SQLite leaves out rows that stay as they are, but not the page of what marks the file.
    """
    with transaction(connection), translated():
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
