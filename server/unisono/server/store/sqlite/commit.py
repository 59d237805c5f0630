"""Commits notifications: reads the view, decides, and writes the decision, in one transaction."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar

from unisono.server.clock import Ids
from unisono.server.model import Notification
from unisono.server.store.base import Encode
from unisono.server.store.commit import Decision, Item, View
from unisono.server.store.sqlite.feed_cache import FeedCache
from unisono.server.store.sqlite.feeds import Feeds, read_feeds, write_feeds
from unisono.server.store.sqlite.rows import (
    CONTENT_COLUMNS,
    FIXED_COLUMNS,
    STATE_COLUMNS,
    Values,
    content_values,
    fixed_values,
    removal_value,
    state_values,
)
from unisono.server.store.sqlite.sql import assignments, column_list, placeholders, render
from unisono.server.store.sqlite.transaction import transaction, translated
from unisono.server.store.sqlite.view import read_view

R = TypeVar("R")
ItemT = TypeVar("ItemT", bound=Item)


_COLUMNS = (*FIXED_COLUMNS, *STATE_COLUMNS, *CONTENT_COLUMNS, "removal", "payload")
_INSERT = render(
    "INSERT INTO notifications ({columns}) VALUES ({values})",
    columns=column_list(*_COLUMNS),
    values=placeholders(*_COLUMNS),
)
_BURY = render(
    "UPDATE notifications SET {settings} WHERE id = ? AND feed = ?",
    settings=assignments(*STATE_COLUMNS, *CONTENT_COLUMNS, "removal", "payload"),
)
# SQLite writes a column that is set into every index on it, changed or not: so only what changes is set.
_UPDATE = "UPDATE notifications SET {settings} WHERE id = ? AND feed = ? AND removal IS NULL"
_UPDATE_ALL = render(_UPDATE, settings=assignments(*STATE_COLUMNS, *CONTENT_COLUMNS, "payload"))
_UPDATE_ALL_BUT_PAYLOAD = render(_UPDATE, settings=assignments(*STATE_COLUMNS, *CONTENT_COLUMNS))
_UPDATE_STATE = render(_UPDATE, settings=assignments(*STATE_COLUMNS))
_COUNT_TOMBSTONES = "UPDATE feeds SET tombstones = tombstones + ? WHERE feed = ?"


def commit_batch(
    connection: sqlite3.Connection,
    items: Sequence[ItemT],
    decide: Callable[[Sequence[ItemT], View], Decision[R]],
    feed_cache: FeedCache,
    ids: Ids,
    encode: Encode,
) -> Decision[R]:
    """Read the view, call `decide`, and write its decision, or change nothing; see `Store.commit`."""
    with transaction(connection):
        with translated():
            reads = [item.read_set for item in items]
            feeds = read_feeds(connection, feed_cache, (read.feed for read in reads), ids)
            view = read_view(connection, reads, feeds)
        decision = decide(items, view)
        with translated():
            write_feeds(connection, feeds, decision.feeds)
            _write_rows(connection, feeds, view, decision.rows, encode)
    feed_cache.put(feeds.stored)
    return decision


def _write_rows(
    connection: sqlite3.Connection,
    feeds: Feeds,
    view: View,
    written: Sequence[Notification],
    encode: Encode,
) -> None:
    seen = {row.id: row for found in view.rows.values() for row in found}
    writes: defaultdict[str, list[Values]] = defaultdict(list)
    buried: Counter[int] = Counter()
    for row in written:
        feed_id, before = feeds.feed_id(row.feed), seen.get(row.id)
        statement, values = _write(feed_id, before, row, encode(row))
        writes[statement].append(values)
        if not row.live and (before is None or before.live):
            buried[feed_id] += 1
    connection.executemany(_INSERT, writes.pop(_INSERT, ()))
    for statement, rows_of_values in writes.items():
        _update(connection, statement, rows_of_values)
    connection.executemany(_COUNT_TOMBSTONES, [(count, feed_id) for feed_id, count in buried.items()])


def _write(
    feed_id: int, before: Notification | None, row: Notification, encoded: bytes
) -> tuple[str, Values]:
    """Return the statement that writes a row of a feed, and its values."""
    state, content, place = state_values(row, encoded), content_values(row), (row.id, feed_id)
    payload = row.payload if row.live else None
    if before is None:
        return _INSERT, (*fixed_values(feed_id, row), *state, *content, removal_value(row), payload)
    if not row.live:
        return _BURY, (*state, *content, removal_value(row), payload, *place)
    if payload is not None:
        return _UPDATE_ALL, (*state, *content, payload, *place)
    if content == content_values(before):
        return _UPDATE_STATE, (*state, *place)
    return _UPDATE_ALL_BUT_PAYLOAD, (*state, *content, *place)


def _update(connection: sqlite3.Connection, statement: str, values: Sequence[Values]) -> None:
    if connection.executemany(statement, values).rowcount != len(values):
        raise sqlite3.IntegrityError("a row that is to be written is not there")
