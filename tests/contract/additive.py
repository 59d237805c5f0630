"""What a migration changes of a store, as a server sees it that knows only what was there before."""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from unisono.server.store.sqlite.migrations import Migration

Objects = Mapping[str, tuple[str, str, str]]
"""Everything in the schema by its name: what it is, of which table, and how it was made."""

_ALL: Final = "SELECT * FROM {}"

# What a row of an older server may break, since that knows nothing of it.
_CONSTRAINT: Final = re.compile(r"\b(CHECK|UNIQUE|REFERENCES|GENERATED|AS)\b", re.IGNORECASE)


def changes_for_others(connection: sqlite3.Connection, migration: Migration) -> list[str]:
    """Apply a migration to a store with rows, and return what an older server would notice; [] if nothing."""
    before, rows = _objects(connection), _rows(connection)
    for statement in migration.statements:
        connection.execute(statement)
    return [
        *_lost_or_changed(before, _objects(connection)),
        *_in_the_way(before, _objects(connection)),
        *_rows_changed(rows, _rows(connection)),
    ]


def _objects(connection: sqlite3.Connection) -> Objects:
    found = connection.execute("SELECT name, type, tbl_name, ifnull(sql, '') FROM sqlite_schema")
    return {name: (kind, table, sql) for name, kind, table, sql in found}


def _lost_or_changed(before: Objects, after: Objects) -> Iterator[str]:
    for name, (kind, table, sql) in before.items():
        if name not in after:
            yield f"{name} is gone"
        elif kind == "table":
            yield from _definition_changed(name, sql, after[name][2])
        elif after[name] != (kind, table, sql):
            yield f"{name} is another"


def _definition_changed(table: str, before: str, after: str) -> Iterator[str]:
    """SQLite writes a new column into the text of its table, between what was there."""
    start = next((n for n, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), 0)
    added = after[start : start + len(after) - len(before)]
    if before != after[:start] + after[start + len(added) :]:
        yield f"{table} is another"
    elif _CONSTRAINT.search(added):
        yield f"{table} refuses rows"


def _in_the_way(before: Objects, after: Objects) -> Iterator[str]:
    for name in after.keys() - before.keys():
        kind, table, sql = after[name]
        if kind in {"trigger", "view"}:
            yield f"{name} is a {kind}"
        elif kind == "index" and table in before and "UNIQUE" in sql.upper():
            yield f"{name} refuses rows"
        elif kind == "table" and "REFERENCES" in sql.upper():
            yield f"{name} keeps rows from being deleted"


def _rows(connection: sqlite3.Connection) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """The rows of each table in the order in which they are stored, by the names of their columns."""
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    tables = [name for name, (kind, _, _) in _objects(connection).items() if kind == "table"]
    return {table: [dict(row) for row in cursor.execute(_ALL.format(table))] for table in tables}


def _rows_changed(
    before: Mapping[str, Sequence[Mapping[str, Any]]], after: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Iterator[str]:
    for table, rows in before.items():
        now = after.get(table, ())
        if len(now) != len(rows) or any(row.items() - now[n].items() for n, row in enumerate(rows)):
            yield f"rows of {table} are others"
