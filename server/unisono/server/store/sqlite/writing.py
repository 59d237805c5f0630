"""A commit: what the items see, what is decided, and what is written of it, in one transaction."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from unisono.server.clock import Ids
from unisono.server.model import Notification
from unisono.server.store.commit import Decision, Item, View
from unisono.server.store.sqlite import rows
from unisono.server.store.sqlite.feeds import Feeds, read_feeds, write_feeds
from unisono.server.store.sqlite.sql import compose
from unisono.server.store.sqlite.transaction import transaction, translated
from unisono.server.store.sqlite.view import read_view

R = TypeVar("R")
ItemT = TypeVar("ItemT", bound=Item)

_FIXED = ("feed", "id", "app_notification_id", "sender_role", "target", "create_time", "create_revision")
_CONTENT_AND_STATE = (
    "fingerprint",
    "group_name",
    "priority",
    "display_time_to_live",
    "expire_time",
    "read_state",
    "user_action_state",
    "snooze_until",
    "update_time",
    "alert_time",
    "revision",
    "content_revision",
    "alert_revision",
)
_PAYLOAD_AND_REMOVAL = ("removal", "size", "title", "body", "raw_content")


def _settings(*columns: str) -> str:
    return ", ".join(f"{column} = :{column}" for column in columns)


_INSERT = compose(
    "INSERT INTO notifications ({columns}) VALUES ({values})",
    columns=", ".join(_FIXED + _CONTENT_AND_STATE + _PAYLOAD_AND_REMOVAL),
    values=", ".join(f":{column}" for column in _FIXED + _CONTENT_AND_STATE + _PAYLOAD_AND_REMOVAL),
)
_UPDATE = compose(
    "UPDATE notifications SET {settings} WHERE id = :id AND feed = :feed",
    settings=_settings(*_CONTENT_AND_STATE, *_PAYLOAD_AND_REMOVAL),
)
_UPDATE_WITHOUT_PAYLOAD = compose(
    "UPDATE notifications SET {settings} WHERE id = :id AND feed = :feed AND removal IS NULL",
    settings=_settings(*_CONTENT_AND_STATE),
)
_COUNT_TOMBSTONES = "UPDATE feeds SET tombstones = tombstones + ? WHERE feed = ?"


def commit(
    connection: sqlite3.Connection,
    items: Sequence[ItemT],
    decide: Callable[[Sequence[ItemT], View], Decision[R]],
    ids: Ids,
) -> Decision[R]:
    """Read, decide and write, or change nothing."""
    with transaction(connection):
        with translated():
            feeds = read_feeds(connection, (item.reads.feed for item in items), ids)
            view = read_view(connection, items, feeds)
        decision = decide(items, view)
        with translated():
            write_feeds(connection, feeds, decision.feeds)
            _write_rows(connection, feeds, view, decision.rows)
    return decision


def _write_rows(
    connection: sqlite3.Connection, feeds: Feeds, view: View, written: Sequence[Notification]
) -> None:
    seen = {row.id: row for found in view.rows.values() for row in found}
    inserts: list[dict[str, Any]] = []
    updates: list[dict[str, Any]] = []
    updates_without_payload: list[dict[str, Any]] = []
    buried: Counter[int] = Counter()
    for row in written:
        number = feeds.numbers[row.feed]
        before = seen.get(row.id)
        values = rows.notification_values(number, row)
        if before is None:
            inserts.append(values)
        elif row.live and row.payload is None:
            updates_without_payload.append(values)
        else:
            updates.append(values)
        if not row.live and (before is None or before.live):
            buried[number] += 1
    connection.executemany(_INSERT, inserts)
    _update(connection, _UPDATE, updates)
    _update(connection, _UPDATE_WITHOUT_PAYLOAD, updates_without_payload)
    connection.executemany(_COUNT_TOMBSTONES, [(count, number) for number, count in buried.items()])


def _update(connection: sqlite3.Connection, statement: str, values: Sequence[dict[str, Any]]) -> None:
    cursor = connection.executemany(statement, values)
    if values and cursor.rowcount != len(values):
        raise sqlite3.IntegrityError("a row that is to be written is not there")
