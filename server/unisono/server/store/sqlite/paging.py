"""The paged reads of a store: pages end at a number of rows or of bytes.

Rows are taken one by one, so that no more is read than fits.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from unisono.server.model import Feed, FeedKey
from unisono.server.store.reads import Changes, ListFilter, Page, Told
from unisono.server.store.sqlite import rows
from unisono.server.store.sqlite.readers import Readers, Records, snapshot
from unisono.server.store.sqlite.sql import FEED, MEANT, TOLD, compose, endpoint

_FEED = compose(
    "SELECT f.feed, {feed} FROM feeds AS f WHERE f.app_id = :app_id AND f.user_id = :user_id", feed=FEED
)

# Two walks that SQLite merges: those that are as they were created, and those that were changed since.
# The first is in the order of its index, which is that of revisions for them.
_CHANGES = compose(
    """
    SELECT n.create_revision AS revision, {told}, iif(n.content_revision > :known, n.payload, NULL)
    FROM notifications AS n
    WHERE n.feed = :feed AND n.create_revision > :after AND n.revision = n.create_revision
    AND n.removal IS NULL
    UNION ALL
    SELECT n.revision, {told}, iif(n.content_revision > :known, n.payload, NULL)
    FROM notifications AS n
    WHERE n.feed = :feed AND n.revision > :after AND n.revision <> n.create_revision
    ORDER BY revision
    """,
    told=TOLD,
)

_HISTORY = compose(
    """
    SELECT n.revision, {told}, n.payload FROM notifications AS n
    WHERE n.feed = :feed AND n.removal IS NULL AND n.create_revision < :before
    AND (:read_state IS NULL OR n.read_state = :read_state)
    AND (:user_action_state IS NULL OR n.user_action_state = :user_action_state)
    AND (:group_name IS NULL OR n.group_name = :group_name)
    AND (:start_time IS NULL OR n.create_time >= :start_time)
    AND (:end_time IS NULL OR n.create_time < :end_time)
    AND (:endpoint_id IS NULL OR {meant})
    ORDER BY n.create_revision DESC
    """,
    told=TOLD,
    meant=MEANT,
)

_NO_BOUND = 2**63 - 1


async def read_changes(
    readers: Readers,
    key: FeedKey,
    *,
    after: int,
    known: int,
    limit: int,
    max_bytes: int,
) -> Changes:
    """The net state after a revision. Raises LookupError where there is no feed."""
    values = {"after": after, "known": known}

    def changes(connection: sqlite3.Connection) -> Changes:
        feed, found, more = _page(connection, key, _CHANGES, values, limit, max_bytes)
        if feed is None:
            raise LookupError(f"there is no feed {key}")
        return Changes(feed=feed, rows=found, complete=not more)

    return await readers.read(key, changes)


async def read_history(
    readers: Readers,
    key: FeedKey,
    where: ListFilter,
    *,
    before: int | None,
    limit: int,
    max_bytes: int,
) -> Page:
    """Live rows, newest first."""
    values = {
        **endpoint(where.audience),
        "before": _NO_BOUND if before is None else before,
        "read_state": where.read_state and int(where.read_state),
        "user_action_state": where.user_action_state and int(where.user_action_state),
        "group_name": where.group_name,
        "start_time": where.start_time,
        "end_time": where.end_time,
    }

    def history(connection: sqlite3.Connection) -> Page:
        feed, found, more = _page(connection, key, _HISTORY, values, limit, max_bytes)
        return Page(feed=feed, rows=found, more=more)

    return await readers.read(key, history)


def _page(
    connection: sqlite3.Connection,
    key: FeedKey,
    statement: str,
    values: Mapping[str, Any],
    limit: int,
    max_bytes: int,
) -> tuple[Feed | None, Sequence[Told], bool]:
    """The feed, the rows of the page, and whether there are more of them."""
    with snapshot(connection):
        for number, *record in connection.execute(_FEED, key._asdict()):
            cursor = connection.execute(statement, {**values, "feed": number})
            page, more = _fitting(cursor, limit, max_bytes)
            cursor.close()
            return rows.feed(key, record), list(map(Told._make, page)), more
    return None, (), False


def _fitting(cursor: sqlite3.Cursor, limit: int, max_bytes: int) -> tuple[Records, bool]:
    """The records that fit, at least one, and whether there are more. Their last column is the payload."""
    page: list[Any] = []
    size = 0
    for record in cursor:
        size += len(record[-1] or b"")
        if page and (len(page) == limit or size > max_bytes):
            return page, True
        page.append(record)
    return page, False
