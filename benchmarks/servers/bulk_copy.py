"""Fills a store with very many notifications, faster than they could be sent, by copying one user's rows.

Depends on the schema of `store.sqlite` only in the columns that identify users and notifications.
"""

import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

OnProgress = Callable[[int, int], None]
"""Called with the number of notifications made so far, and the number to make."""

#: A store whose filling is interrupted is thrown away, so nothing has to be synced before the end.
_HASTE: Final = ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -1000000")

_FEEDS: Final = (
    "SELECT feed, lower(hex(randomblob(9))) AS chance FROM feeds WHERE feed <> :first ORDER BY feed"
)

_NUMBERS: Final = """
    SELECT 1 AS number UNION ALL SELECT number + 1 FROM others WHERE number < :amount
    """

#: A UUIDv7 with the time of the notification that is copied.
_ID: Final = """substr(one.id, 1, 15) || substr(chance, 1, 3) || '-8' || substr(chance, 4, 3)
    || '-' || substr(chance, 7, 12)"""

_OF_USER: Final = """
    SELECT id FROM notifications
    WHERE feed = (SELECT feed FROM feeds WHERE user_id = ?) AND removal IS NULL
    """

_PREFIX: Final = "grown-"


def user(number: int) -> str:
    """Return the id of a user that `multiply` makes; numbers begin with 1."""
    return f"{_PREFIX}{number}"


def multiply(store: Path, users: int, on_progress: OnProgress) -> None:
    """Add `users` copies of the only user of a store, with all notifications.

    No server may use the store meanwhile. It is synced to the disk when this returns.
    """
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        for pragma in _HASTE:
            connection.execute(pragma)
        ((first,),) = connection.execute("SELECT feed FROM feeds")
        _copy_feeds(connection, first, users)
        _copy_notifications(connection, first, users, on_progress)
    with store.open("rb") as file:
        os.fsync(file.fileno())


def ids(store: Path, users: Sequence[str]) -> list[tuple[str, str]]:
    """Return the live notifications of users, as pairs of user id and notification id, user by user."""
    with closing(sqlite3.connect(store)) as connection:
        return [
            (user_id, notification)
            for user_id in users
            for (notification,) in connection.execute(_OF_USER, (user_id,))
        ]


def _copy_feeds(connection: sqlite3.Connection, first: int, users: int) -> None:
    new = {"feed": "one.feed + number", "user_id": f"'{_PREFIX}' || number", "epoch": "randomblob(8)"}
    for table in ("feeds", "endpoints", "targets"):
        statement = _copies(connection, table, new, f"others AS ({_NUMBERS})", "one.feed = :first")
        connection.execute(statement, {"first": first, "amount": users})


def _copy_notifications(
    connection: sqlite3.Connection, first: int, users: int, on_progress: OnProgress
) -> None:
    """Copy one notification to all users, then the next: so those of a user lie apart, as if sent over weeks.

    Indexes are kept up meanwhile: made at the end, which is faster, they would have full pages, which the
    next sends would have to split.
    """
    ones = connection.execute("SELECT rowid FROM notifications ORDER BY revision").fetchall()
    new = {"feed": "others.feed", "id": _ID}
    statement = _copies(connection, "notifications", new, f"others AS ({_FEEDS})", "one.rowid = :one")
    for number, (one,) in enumerate(ones, 1):
        connection.execute(statement, {"first": first, "one": one})
        on_progress(number * users, len(ones) * users)


def _copies(
    connection: sqlite3.Connection, table: str, new: Mapping[str, str], others: str, which: str
) -> str:
    """Return a statement that copies the row `one` for each of `others`, with `new` in some columns."""
    columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(new.get(column, f"one.{column}") for column in columns)
    return f"""WITH RECURSIVE {others} INSERT INTO {table} ({", ".join(columns)})
        SELECT {values} FROM others CROSS JOIN {table} AS one WHERE {which}"""  # noqa: S608  all is ours
