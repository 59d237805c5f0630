"""Deletes for good what is old enough, in small steps."""

import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict

from unisono.server.store.reads import PurgeBounds
from unisono.server.store.sqlite.feed_cache import FeedCache
from unisono.server.store.sqlite.transaction import transaction, translated, unchecked

_OLD_TOMBSTONES = """
    SELECT feed, max(revision) FROM (
        SELECT feed, revision FROM notifications
        WHERE removal IS NOT NULL AND update_time < :tombstones_before
        ORDER BY update_time, feed, revision LIMIT :limit
    ) GROUP BY feed
    """

_EXCESS_TOMBSTONES = """
    SELECT feed, tombstones - :tombstones_per_feed FROM feeds
    WHERE tombstones > :tombstones_per_feed LIMIT :limit
    """

_NTH_TOMBSTONE = """
    SELECT max(revision) FROM (
        SELECT revision FROM notifications WHERE feed = :feed AND removal IS NOT NULL
        ORDER BY revision LIMIT :excess
    )
    """

_PURGE = """
    DELETE FROM notifications WHERE rowid IN (
        SELECT rowid FROM notifications
        WHERE feed = :feed AND removal IS NOT NULL AND revision <= :until
        ORDER BY revision LIMIT :limit
    ) RETURNING revision
    """

_RAISE_FLOOR = """
    UPDATE feeds SET floor = max(floor, :floor), tombstones = tombstones - :purged WHERE feed = :feed
    """

_UNSEEN_ENDPOINTS = """
    DELETE FROM endpoints WHERE rowid IN (
        SELECT rowid FROM endpoints
        WHERE delete_time IS NULL AND last_seen_time < :endpoints_before AND session_id = ''
        ORDER BY last_seen_time LIMIT :limit
    ) RETURNING feed
    """

_LEFT_ENDPOINTS = """
    DELETE FROM endpoints WHERE rowid IN (
        SELECT rowid FROM endpoints
        WHERE ephemeral_seen_time IS NOT NULL AND ephemeral_seen_time = last_seen_time
        AND delete_time IS NULL AND last_seen_time < :ephemeral_before AND session_id = ''
        ORDER BY last_seen_time LIMIT :limit
    ) RETURNING feed
    """

_DELETED_ENDPOINTS = """
    DELETE FROM endpoints WHERE rowid IN (
        SELECT rowid FROM endpoints
        WHERE delete_time IS NOT NULL AND delete_time < :deletions_before
        ORDER BY delete_time LIMIT :limit
    ) RETURNING feed
    """

_FORGET_ENDPOINTS = "UPDATE feeds SET endpoints = endpoints - :forgotten WHERE feed = :feed"

_ENDED_BARS = """
    DELETE FROM bars WHERE (app_id, mark) IN (
        SELECT app_id, mark FROM bars WHERE until < :bars_before ORDER BY until LIMIT :limit
    )
    """

# Each condition reads the feed's entries of one index, and no other rows. A feed that was taken away is left
# to `erasure`, which forgets it last.
_EMPTY_FEED = """
    DELETE FROM feeds WHERE feed = :feed AND app_id <> ''
    AND NOT EXISTS (SELECT 1 FROM notifications WHERE feed = :feed AND removal IS NULL)
    AND NOT EXISTS (SELECT 1 FROM notifications WHERE feed = :feed AND removal IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM endpoints WHERE feed = :feed)
    AND NOT EXISTS (SELECT 1 FROM targets WHERE feed = :feed)
    """


def purge(connection: sqlite3.Connection, feed_cache: FeedCache, what: PurgeBounds) -> int:
    """Delete at most `what.limit` rows and the feeds that this leaves empty; see `Store.purge`.

    Returns the number of rows, without feeds; 0 means that nothing is left to delete.
    """
    values = asdict(what)
    gone: Counter[int] | None = None
    try:
        with unchecked(connection), transaction(connection), translated():
            gone = _purge_tombstones(connection, values)
            for statement in (_LEFT_ENDPOINTS, _UNSEEN_ENDPOINTS):
                left = {**values, "limit": what.limit - gone.total()}
                gone += (forgotten := _deleted(connection, statement, left))
                counts = [{"feed": feed, "forgotten": count} for feed, count in forgotten.items()]
                connection.executemany(_FORGET_ENDPOINTS, counts)
            left = {**values, "limit": what.limit - gone.total()}
            gone += _deleted(connection, _DELETED_ENDPOINTS, left)
            left = {**values, "limit": what.limit - gone.total()}
            bars = connection.execute(_ENDED_BARS, left).rowcount
            connection.executemany(_EMPTY_FEED, [{"feed": feed} for feed in gone])
        return gone.total() + bars
    finally:
        if gone is None or gone:
            feed_cache.clear()


def _deleted(connection: sqlite3.Connection, statement: str, values: Mapping[str, int]) -> Counter[int]:
    """Delete rows, and return how many of each feed."""
    return Counter(feed for (feed,) in connection.execute(statement, values).fetchall())


def _purge_tombstones(connection: sqlite3.Connection, values: Mapping[str, int]) -> Counter[int]:
    """Purge tombstones, and return how many of each feed.

    Within a feed the lowest revisions go first, so that its floor says what is missing.
    """
    gone: Counter[int] = Counter()
    for feed, until in _purge_until(connection, values).items():
        purge = {"feed": feed, "until": until, "limit": values["limit"] - gone.total()}
        purged = [revision for (revision,) in connection.execute(_PURGE, purge).fetchall()]
        if purged:
            raised = {"feed": feed, "floor": max(purged), "purged": len(purged)}
            connection.execute(_RAISE_FLOOR, raised)
            gone[feed] = len(purged)
    return gone


def _purge_until(connection: sqlite3.Connection, values: Mapping[str, int]) -> dict[int, int]:
    """Return the feeds that have tombstones to purge, each with the highest revision that may go."""
    until: dict[int, int] = dict(connection.execute(_OLD_TOMBSTONES, values).fetchall())
    for feed, excess in connection.execute(_EXCESS_TOMBSTONES, values).fetchall():
        nth = {"feed": feed, "excess": excess}
        (revision,) = connection.execute(_NTH_TOMBSTONE, nth).fetchone()
        until[feed] = max(revision, until.get(feed, 0))
    return until
