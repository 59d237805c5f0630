"""Renames the users of an app in a file that no server uses, in steps, each of which is a transaction.

Whose id begins with the prefix is never renamed, so that one that is cut off goes on with those who are left.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from unisono.server.store.base import StoreError
from unisono.server.store.renaming import Rename, RenamePlan, UserIds
from unisono.server.store.sqlite import renames, schema
from unisono.server.store.sqlite.backup import reading
from unisono.server.store.sqlite.errors import database_errors, system_errors
from unisono.server.store.sqlite.file import check, configure, lock
from unisono.server.store.sqlite.sql import render

Progress = Callable[[int, int], None]
"""Called before the first step and after each, with how many are renamed, and how many are to be."""

STEP: Final = 1000
"""How many users are renamed in one transaction."""

EXAMPLES: Final = 3
"""How many ids a plan names of each kind."""

_BEGINS = "substr(user_id, 1, length(:prefix)) = :prefix"
_OTHERS = render("app_id = :app_id AND NOT {begins}", begins=_BEGINS)
_PREFIXED = render("app_id = :app_id AND user_id >= :prefix AND {begins}", begins=_BEGINS)
_TOO_LONG = render("{others} AND length(CAST(:prefix || user_id AS BLOB)) > :max_bytes", others=_OTHERS)
_TAKEN = render(
    """
    {prefixed} AND substr(user_id, length(:prefix) + 1) IN (SELECT user_id FROM feeds WHERE {others})
    """,
    prefixed=_PREFIXED,
    others=_OTHERS,
)

_COUNT = "SELECT count(*) FROM feeds WHERE {where}"
_FIRST = "SELECT user_id FROM feeds WHERE {where} ORDER BY user_id LIMIT :examples"

# In the order of ids, so that a step takes its users, and puts them, side by side in the index. All that is
# between the two parts begins with the prefix, and perhaps some of the second, too.
_NEXT = (
    """
    SELECT feed FROM feeds WHERE app_id = :app_id AND user_id < :prefix ORDER BY user_id LIMIT :limit
    """,
    render(
        """
        SELECT feed FROM feeds WHERE {others} AND user_id > :prefix || char(0x10FFFF)
        ORDER BY user_id LIMIT :limit
        """,
        others=_OTHERS,
    ),
)
_RENAME = "UPDATE feeds SET user_id = ? || user_id WHERE feed = ?"

# What has no app is being erased.
_IS_KNOWN = """
    SELECT :app_id <> '' AND (EXISTS (SELECT 1 FROM feeds WHERE app_id = :app_id)
    OR EXISTS (SELECT 1 FROM bars WHERE app_id = :app_id))
    """
_APPS = "SELECT app_id FROM feeds WHERE app_id <> '' UNION SELECT app_id FROM bars ORDER BY app_id"


def plan_rename(path: Path, rename: Rename, *, max_bytes: int) -> RenamePlan:
    """Return what a rename would do, with new ids of at most `max_bytes`; a server may use the file.

    Raises `StoreError` when the file is of an older version, when it has nobody of the app, or when
    another rename was cut off.
    """
    path = path.resolve()
    with reading(path) as connection:
        return _plan(connection, path, rename, max_bytes)


def rename_users(
    path: Path, rename: Rename, progress: Progress, *, max_bytes: int, keep_prefixed: bool = False
) -> RenamePlan:
    """Rename the users of an app, or those who are left where that was cut off; return the plan.

    One that is not possible, as `RenamePlan.possible` says, changes nothing. Raises `StoreError` as
    `plan_rename`, and when a server uses the file.
    """
    path = path.resolve()
    with _writing(path) as connection:
        plan = _plan(connection, path, rename, max_bytes)
        if plan.possible(keep_prefixed=keep_prefixed):
            _rename(connection, rename, plan, progress)
        return plan


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a store's file as a server does, in place of one."""
    with system_errors(path):
        if not path.exists():
            raise StoreError(f"{path} does not exist; name the file of a store")
    with (
        closing(lock(path)),
        database_errors(path),
        closing(sqlite3.connect(path, isolation_level=None)) as connection,
    ):
        check(connection, path)
        configure(connection, path)
        yield connection


def _plan(connection: sqlite3.Connection, path: Path, rename: Rename, max_bytes: int) -> RenamePlan:
    _check_version(connection, path)
    renames.check_complete(connection, path, but=rename)
    values = {**rename._asdict(), "max_bytes": max_bytes, "examples": EXAMPLES}
    users = _found(connection, _OTHERS, values)
    if renames.under_way(connection):
        return RenamePlan(users=users, under_way=True)
    _check_app(connection, path, rename.app_id)
    return RenamePlan(
        users=users,
        prefixed=_found(connection, _PREFIXED, values) if users.total else UserIds(),
        too_long=_found(connection, _TOO_LONG, values),
        taken=_found(connection, _TAKEN, values),
    )


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    if schema.version(connection) < schema.latest():
        raise StoreError(f"{path} is of an older version; run `unisono-server migrate` on it first")


def _check_app(connection: sqlite3.Connection, path: Path, app_id: str) -> None:
    if not connection.execute(_IS_KNOWN, {"app_id": app_id}).fetchone()[0]:
        known = ", ".join(known for (known,) in connection.execute(_APPS)) or "none"
        raise StoreError(f"{path} has no users of the app {app_id}; apps that have: {known}")


def _found(connection: sqlite3.Connection, where: str, values: Mapping[str, Any]) -> UserIds:
    (total,) = connection.execute(render(_COUNT, where=where), values).fetchone()
    first = connection.execute(render(_FIRST, where=where), values).fetchall() if total else ()
    return UserIds(total, tuple(user_id for (user_id,) in first))


def _rename(connection: sqlite3.Connection, rename: Rename, plan: RenamePlan, progress: Progress) -> None:
    if not plan.under_way:
        if not plan.users.total and renames.is_last(connection, rename):
            return
        renames.begin(connection, rename)
    done = 0
    progress(done, plan.users.total)
    while feeds := _next(connection, rename):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_RENAME, [(rename.prefix, feed) for feed in feeds])
        connection.execute("COMMIT")
        done += len(feeds)
        progress(done, plan.users.total)
    renames.complete(connection)


def _next(connection: sqlite3.Connection, rename: Rename) -> list[int]:
    """Return the numbers of the feeds of the next step, in the order in which they are stored."""
    feeds: list[int] = []
    for statement in _NEXT:
        values = {**rename._asdict(), "limit": STEP - len(feeds)}
        feeds += [feed for (feed,) in connection.execute(statement, values)]
    return sorted(feeds)
