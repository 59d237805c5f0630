"""The paged reads of a store: a page ends at a number of rows or of bytes.

Rows are fetched one by one, so that no more is read than fits.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from unisono.server.model import FeedKey
from unisono.server.store.reads import Changes, EncodedRow, HistoryPage, ListFilter, Standing
from unisono.server.store.sqlite import rows
from unisono.server.store.sqlite.readers import Readers, Records, snapshot
from unisono.server.store.sqlite.sql import ENCODED_ROW, FEED, FOR_ENDPOINT, endpoint, render
from unisono.server.store.sqlite.targets import NONE, read_target_counts

_FEED = render(
    """
    SELECT f.feed, f.targets, {feed} FROM feeds AS f WHERE f.app_id = :app_id AND f.user_id = :user_id
    """,
    feed=FEED,
)

_STANDING = "SELECT feed, epoch, revision FROM feeds WHERE app_id = :app_id AND user_id = :user_id"

# SQLite merges two index scans: rows that are as they were created, and rows that were changed since. The
# index of the first is in the order of create_revision, which is that of revision for such rows.
_CHANGES = render(
    """
    SELECT n.create_revision AS revision, {encoded_row}, iif(n.content_revision > :known, n.payload, NULL)
    FROM notifications AS n
    WHERE n.feed = :feed AND n.create_revision > :after AND n.revision = n.create_revision
    AND n.removal IS NULL
    UNION ALL
    SELECT n.revision, {encoded_row}, iif(n.content_revision > :known, n.payload, NULL)
    FROM notifications AS n
    WHERE n.feed = :feed AND n.revision > :after AND n.revision <> n.create_revision
    ORDER BY revision
    """,
    encoded_row=ENCODED_ROW,
)

_HISTORY = render(
    """
    SELECT n.revision, {encoded_row}, n.payload FROM notifications AS n
    WHERE n.feed = :feed AND n.removal IS NULL
    AND n.create_revision < :before AND n.create_revision >= :least
    AND (:read_state IS NULL OR n.read_state = :read_state)
    AND (:user_action_state IS NULL OR n.user_action_state = :user_action_state)
    AND (:group_name IS NULL OR n.group_name = :group_name)
    AND (:category IS NULL OR n.category = :category)
    AND (:start_time IS NULL OR n.create_time >= :start_time)
    AND (:end_time IS NULL OR n.create_time < :end_time)
    AND (:endpoint_id IS NULL OR {for_endpoint})
    ORDER BY n.create_revision DESC
    """,
    encoded_row=ENCODED_ROW,
    for_endpoint=FOR_ENDPOINT,
)

_NTH = """
    SELECT create_revision FROM notifications
    WHERE feed = :feed AND removal IS NULL AND create_revision < :before
    ORDER BY create_revision DESC LIMIT 1 OFFSET :max_examined - 1
    """

NO_BOUND = 2**63 - 1
"""Above every revision."""


async def read_changes(
    readers: Readers,
    key: FeedKey,
    *,
    after: int,
    known: int,
    limit: int,
    max_bytes: int,
) -> Changes:
    """Return a page of the net state after a revision; see `Store.changes`.

    Raises `LookupError` where there is no feed, `Unavailable` when the database cannot be read.
    """
    values = {"after": after, "known": known}

    def changes(connection: sqlite3.Connection) -> Changes:
        with snapshot(connection):
            for feed_id, targets, *record in connection.execute(_FEED, key._asdict()).fetchall():
                counts = read_target_counts(connection, [feed_id]).get(feed_id, NONE) if targets else NONE
                found, more = page(connection, _CHANGES, {**values, "feed": feed_id}, limit, max_bytes)
                return Changes(feed=rows.feed(key, record, counts), rows=found, complete=not more)
        raise LookupError(f"there is no feed {key}")

    return await readers.read(key, changes)


async def read_history(
    readers: Readers,
    key: FeedKey,
    where: ListFilter,
    *,
    before: int | None,
    limit: int,
    max_bytes: int,
    max_examined: int,
) -> HistoryPage:
    """Return a page of live rows, newest first; see `Store.history`.

    Raises `Unavailable` when the database cannot be read.
    """
    values = {
        **endpoint(where.audience),
        "before": NO_BOUND if before is None else before,
        "max_examined": max(limit, max_examined),
        "read_state": where.read_state and int(where.read_state),
        "user_action_state": where.user_action_state and int(where.user_action_state),
        "group_name": where.group_name,
        "category": where.category,
        "start_time": where.start_time,
        "end_time": where.end_time,
    }

    def history(connection: sqlite3.Connection) -> HistoryPage:
        with snapshot(connection):
            for feed_id, *standing in connection.execute(_STANDING, key._asdict()).fetchall():
                asked = {**values, "feed": feed_id}
                seen = _nth(connection, asked) if where.is_narrowed else None
                found, more = page(connection, _HISTORY, {**asked, "least": seen or 0}, limit, max_bytes)
                resume_before = found[-1].create_revision if more else seen
                return HistoryPage(standing=Standing(*standing), rows=found, resume_before=resume_before)
        return HistoryPage(standing=None, rows=(), resume_before=None)

    return await readers.read(key, history)


def _nth(connection: sqlite3.Connection, values: Mapping[str, Any]) -> int | None:
    """Return the create_revision of the last row to examine, or None where there are fewer."""
    for (create_revision,) in connection.execute(_NTH, values):
        return int(create_revision)
    return None


def page(
    connection: sqlite3.Connection,
    statement: str,
    values: Mapping[str, Any],
    limit: int,
    max_bytes: int,
) -> tuple[Sequence[EncodedRow], bool]:
    """Return the rows of a page, as many as fit, and whether more follow.

    The columns of the statement are those of `EncodedRow`.
    """
    with closing(connection.execute(statement, values)) as cursor:
        found, more = _fitting(cursor, limit, max_bytes)
    return list(map(EncodedRow._make, found)), more


def _fitting(cursor: sqlite3.Cursor, limit: int, max_bytes: int) -> tuple[Records, bool]:
    """Return the records that fit, at least one, and whether more follow. The last column is the payload."""
    page: list[Any] = []
    size = 0
    for record in cursor:
        size += len(record[-1] or b"")
        if page and (len(page) == limit or size > max_bytes):
            return page, True
        page.append(record)
    return page, False
