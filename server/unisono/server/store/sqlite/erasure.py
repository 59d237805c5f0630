"""Takes feeds away, deletes what hangs on them in small steps, and clears the log of what it had of them.

A feed that was taken away has an empty app, as no app has, and its number for a user: nobody finds it by a
name, the old one is nowhere, and a start finds what is left to do.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

from unisono.server.model import FeedKey
from unisono.server.store.reads import Bar
from unisono.server.store.sqlite.feed_cache import FeedCache
from unisono.server.store.sqlite.readers import NOBODY, Readers
from unisono.server.store.sqlite.transaction import transaction, translated, unchecked

STEP_BYTES: Final = 256 * 1024
"""The most bytes of payloads in one step, unless its first row has more: SQLite overwrites them all."""

READERS_WAIT: Final = 25
"""For how long the writer waits for those who still read the log when it clears it, in milliseconds."""

_DETACH = """
    UPDATE feeds SET app_id = '', user_id = CAST(feed AS TEXT)
    WHERE app_id = :app_id AND user_id = :user_id RETURNING feed
    """

_BAR = """
    INSERT INTO bars (app_id, mark, until) VALUES (:app_id, :mark, :until)
    ON CONFLICT (app_id, mark) DO UPDATE SET until = max(until, excluded.until)
    """

_BARS = "SELECT app_id, mark, until FROM bars"

_DETACHED = "SELECT feed FROM feeds WHERE app_id = '' ORDER BY feed"

# Together they find all rows: no index has the live ones and the tombstones of a feed.
_LIVE = """
    SELECT rowid, length(payload) FROM notifications WHERE feed = :feed AND removal IS NULL
    ORDER BY create_revision LIMIT :limit
    """
_TOMBSTONES = """
    SELECT rowid, 0 FROM notifications WHERE feed = :feed AND removal IS NOT NULL
    ORDER BY revision LIMIT :limit
    """

_DELETE = "DELETE FROM notifications WHERE rowid = ?"

_OF_FEED = (
    """DELETE FROM endpoints WHERE rowid IN
        (SELECT rowid FROM endpoints WHERE feed = :feed LIMIT :limit)""",
    """DELETE FROM targets WHERE feed = :feed AND target IN
        (SELECT target FROM targets WHERE feed = :feed LIMIT :limit)""",
)

_FORGET = "DELETE FROM feeds WHERE feed = ? AND app_id = ''"


def detach(
    connection: sqlite3.Connection, feed_cache: FeedCache, key: FeedKey, bar: Bar | None
) -> int | None:
    """Take a feed away and store the bar in one commit; return the feed's number, None without a feed."""
    feed_cache.pop([key])
    with transaction(connection), translated():
        found = connection.execute(_DETACH, key._asdict()).fetchall()
        if bar is not None:
            connection.execute(_BAR, bar._asdict())
    return found[0][0] if found else None


async def read_detached(readers: Readers) -> Sequence[int]:
    """Return the numbers of the feeds that were taken away and are not forgotten yet."""
    return [feed for (feed,) in await readers.fetch(NOBODY, _DETACHED, {})]


async def read_bars(readers: Readers) -> Sequence[Bar]:
    """Return all bars."""
    return [Bar(*record) for record in await readers.fetch(NOBODY, _BARS, {})]


def erase(connection: sqlite3.Connection, feed: int, limit: int) -> bool:
    """Delete at most `limit` rows of a feed that was taken away. Return whether nothing is left of it."""
    with transaction(connection), translated():
        left = limit
        for statement in (_LIVE, _TOMBSTONES):
            if left:
                found = connection.execute(statement, {"feed": feed, "limit": left}).fetchall()
                rows = _within(found, STEP_BYTES)
                connection.executemany(_DELETE, rows)
                # Where bytes were the limit, the step is over.
                left = left - len(rows) if len(rows) == len(found) else 0
        for statement in _OF_FEED:
            if left:
                left -= connection.execute(statement, {"feed": feed, "limit": left}).rowcount
    return left > 0


def forget(connection: sqlite3.Connection, feeds: Iterable[int]) -> bool:
    """Clear the log, then forget the numbers of feeds of which nothing else is left.

    Returns False, and changes nothing, while somebody reads an older state of the store, such as a backup.
    """
    with translated():
        if not _clear_log(connection):
            return False
    with unchecked(connection), transaction(connection), translated():
        connection.executemany(_FORGET, [(feed,) for feed in feeds])
    return True


def _within(found: Sequence[tuple[int, int]], most: int) -> list[tuple[int]]:
    """Return the rows of which the sizes are `most` bytes together, but at least the first."""
    rows: list[tuple[int]] = []
    for rowid, size in found:
        most -= size
        if rows and most < 0:
            break
        rows.append((rowid,))
    return rows


def _clear_log(connection: sqlite3.Connection) -> bool:
    """Write the log back and cut it to nothing, unless that has to wait for a reader for long.

    No commit comes meanwhile, so it waits only for reads that have begun already:
    https://www.sqlite.org/pragma.html#pragma_wal_checkpoint.
    """
    (before,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute(f"PRAGMA busy_timeout = {READERS_WAIT}")
    try:
        (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {before}")
    return not busy
