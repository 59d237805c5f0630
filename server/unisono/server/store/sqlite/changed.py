"""The list of what changed after a revision: in pages that examine a bounded number of rows."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from unisono.server.model import Audience, FeedKey
from unisono.server.store.reads import ChangesPage, Standing
from unisono.server.store.sqlite.paging import NO_BOUND, page
from unisono.server.store.sqlite.readers import Readers, snapshot
from unisono.server.store.sqlite.sql import ENCODED_ROW, FOR_ENDPOINT, endpoint, render

_STANDING = "SELECT feed, floor, epoch, revision FROM feeds WHERE app_id = :app_id AND user_id = :user_id"

# As for a catch-up, SQLite merges rows that are as they were created, and rows that were changed since.
# Without `until`, each page would pass over all entries of the first index that were changed since.
CHANGED = render(
    """
    SELECT n.create_revision AS revision, {encoded_row}, n.payload
    FROM notifications AS n
    WHERE n.feed = :feed AND n.create_revision > :after AND n.create_revision <= :until
    AND n.revision = n.create_revision AND n.removal IS NULL
    AND (:endpoint_id IS NULL OR {for_endpoint})
    UNION ALL
    SELECT n.revision, {encoded_row}, n.payload
    FROM notifications AS n
    WHERE n.feed = :feed AND n.revision > :after AND n.revision <= :until
    AND n.revision <> n.create_revision AND (n.removal IS NULL OR n.revision > :base)
    AND (:endpoint_id IS NULL OR {for_endpoint})
    ORDER BY revision
    """,
    encoded_row=ENCODED_ROW,
    for_endpoint=FOR_ENDPOINT,
)

# What each of the two indexes has as its nth entry: the page ends at the lower one.
UNTIL = """
    SELECT min(
        ifnull((
            SELECT create_revision FROM notifications
            WHERE feed = :feed AND removal IS NULL AND create_revision > :after
            ORDER BY create_revision LIMIT 1 OFFSET :each - 1
        ), :no_bound),
        ifnull((
            SELECT revision FROM notifications
            WHERE feed = :feed AND revision <> create_revision AND revision > :after
            ORDER BY revision LIMIT 1 OFFSET :each - 1
        ), :no_bound)
    )
    """


async def read_changed(
    readers: Readers,
    key: FeedKey,
    *,
    after: int,
    base: int,
    audience: Audience | None,
    limit: int,
    max_bytes: int,
    max_examined: int,
) -> ChangesPage:
    """Return a page of what changed after a revision; see `Store.list_changes`.

    Raises `Unavailable` when the database cannot be read.
    """
    values = {
        **endpoint(audience),
        "after": after,
        "base": base,
        "each": max(limit, max_examined // 2),
        "no_bound": NO_BOUND,
    }

    def changed(connection: sqlite3.Connection) -> ChangesPage:
        with snapshot(connection):
            for feed_id, floor, *record in connection.execute(_STANDING, key._asdict()).fetchall():
                asked = {**values, "feed": feed_id}
                standing, until = Standing(*record), _until(connection, asked)
                found, more = page(connection, CHANGED, {**asked, "until": until}, limit, max_bytes)
                passed = found[-1].revision if more else until
                return ChangesPage(
                    standing=standing,
                    floor=floor,
                    rows=found,
                    resume_after=passed if passed < standing.revision else None,
                )
        return ChangesPage(standing=None, floor=0, rows=(), resume_after=None)

    return await readers.read(key, changed)


def _until(connection: sqlite3.Connection, values: Mapping[str, Any]) -> int:
    """Return the revision of the last row to examine, `NO_BOUND` where there are fewer."""
    ((until,),) = connection.execute(UNTIL, values).fetchall()
    return int(until)
