"""A commit: what the items see, what is decided, and what is written of it, in one transaction."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from unisono.server.clock import Ids
from unisono.server.model import Notification
from unisono.server.store.base import Encode
from unisono.server.store.commit import Decision, Item, View
from unisono.server.store.sqlite.feeds import Feeds, read_feeds, write_feeds
from unisono.server.store.sqlite.memory import Memory
from unisono.server.store.sqlite.rows import (
    FIXED_COLUMNS,
    STATE_COLUMNS,
    Values,
    fixed_values,
    state_values,
)
from unisono.server.store.sqlite.sql import compose, names, places, settings
from unisono.server.store.sqlite.transaction import transaction, translated
from unisono.server.store.sqlite.view import read_view

R = TypeVar("R")
ItemT = TypeVar("ItemT", bound=Item)


_COLUMNS = (*FIXED_COLUMNS, *STATE_COLUMNS, "payload")
_INSERT = compose(
    "INSERT INTO notifications ({columns}) VALUES ({values})",
    columns=names(*_COLUMNS),
    values=places(*_COLUMNS),
)
_UPDATE = compose(
    "UPDATE notifications SET {settings} WHERE id = ? AND feed = ?",
    settings=settings(*STATE_COLUMNS, "payload"),
)
_UPDATE_WITHOUT_PAYLOAD = compose(
    "UPDATE notifications SET {settings} WHERE id = ? AND feed = ? AND removal IS NULL",
    settings=settings(*STATE_COLUMNS),
)
_COUNT_TOMBSTONES = "UPDATE feeds SET tombstones = tombstones + ? WHERE feed = ?"


def commit(
    connection: sqlite3.Connection,
    items: Sequence[ItemT],
    decide: Callable[[Sequence[ItemT], View], Decision[R]],
    memory: Memory,
    ids: Ids,
    encode: Encode,
) -> Decision[R]:
    """Read, decide and write, or change nothing."""
    with transaction(connection):
        with translated():
            reads = [item.reads for item in items]
            feeds = read_feeds(connection, memory, (read.feed for read in reads), ids)
            view = read_view(connection, reads, feeds)
        decision = decide(items, view)
        with translated():
            write_feeds(connection, feeds, decision.feeds)
            _write_rows(connection, feeds, view, decision.rows, encode)
    memory.keep(feeds.stored)
    return decision


def _write_rows(
    connection: sqlite3.Connection,
    feeds: Feeds,
    view: View,
    written: Sequence[Notification],
    encode: Encode,
) -> None:
    seen = {row.id: row for found in view.rows.values() for row in found}
    inserts: list[Values] = []
    updates: list[Values] = []
    updates_without_payload: list[Values] = []
    buried: Counter[int] = Counter()
    for row in written:
        number = feeds.number(row.feed)
        before = seen.get(row.id)
        state = state_values(row, encode(row))
        if before is None:
            inserts.append((*fixed_values(number, row), *state, row.payload if row.live else None))
        elif row.live and row.payload is None:
            updates_without_payload.append((*state, row.id, number))
        else:
            updates.append((*state, row.payload if row.live else None, row.id, number))
        if not row.live and (before is None or before.live):
            buried[number] += 1
    connection.executemany(_INSERT, inserts)
    _update(connection, _UPDATE, updates)
    _update(connection, _UPDATE_WITHOUT_PAYLOAD, updates_without_payload)
    connection.executemany(_COUNT_TOMBSTONES, [(count, number) for number, count in buried.items()])


def _update(connection: sqlite3.Connection, statement: str, values: Sequence[Values]) -> None:
    if not values:
        return
    if connection.executemany(statement, values).rowcount != len(values):
        raise sqlite3.IntegrityError("a row that is to be written is not there")
