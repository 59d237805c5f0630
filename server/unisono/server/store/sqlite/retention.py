"""Forgets for good what is old enough, in small steps. Knows no clock."""

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict

from unisono.server.store.reads import Retention
from unisono.server.store.sqlite.memory import Memory
from unisono.server.store.sqlite.transaction import transaction, translated

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
    )
    """

_DELETED_ENDPOINTS = """
    DELETE FROM endpoints WHERE rowid IN (
        SELECT rowid FROM endpoints
        WHERE delete_time IS NOT NULL AND delete_time < :deletions_before
        ORDER BY delete_time LIMIT :limit
    )
    """


def forget(connection: sqlite3.Connection, memory: Memory, what: Retention) -> int:
    """Delete at most `what.limit` rows; return how many went."""
    memory.clear()
    values = asdict(what)
    with transaction(connection), translated():
        gone = _purge_tombstones(connection, values)
        for statement in (_UNSEEN_ENDPOINTS, _DELETED_ENDPOINTS):
            left = {**values, "limit": what.limit - gone}
            gone += connection.execute(statement, left).rowcount
    return gone


def _purge_tombstones(connection: sqlite3.Connection, values: Mapping[str, int]) -> int:
    """Within a feed the lowest revisions go first, so that its floor tells what is missing."""
    gone = 0
    for feed, until in _purge_until(connection, values).items():
        limit = values["limit"] - gone
        purge = {"feed": feed, "until": until, "limit": limit}
        purged = [revision for (revision,) in connection.execute(_PURGE, purge).fetchall()]
        if purged:
            raised = {"feed": feed, "floor": max(purged), "purged": len(purged)}
            connection.execute(_RAISE_FLOOR, raised)
            gone += len(purged)
    return gone


def _purge_until(connection: sqlite3.Connection, values: Mapping[str, int]) -> dict[int, int]:
    """The feeds that have something to purge, each with the last revision that may go."""
    until: dict[int, int] = dict(connection.execute(_OLD_TOMBSTONES, values).fetchall())
    for feed, excess in connection.execute(_EXCESS_TOMBSTONES, values).fetchall():
        nth = {"feed": feed, "excess": excess}
        (revision,) = connection.execute(_NTH_TOMBSTONE, nth).fetchone()
        until[feed] = max(revision, until.get(feed, 0))
    return until
