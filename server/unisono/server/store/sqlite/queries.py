"""The reads of a store that are not paged, each from one snapshot.

They raise `Unavailable` when the database cannot be read.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from unisono.server.model import Endpoint, Feed, FeedKey, Notification
from unisono.server.store.reads import Due, Standing
from unisono.server.store.sqlite import rows
from unisono.server.store.sqlite.readers import NOBODY, Readers, snapshot
from unisono.server.store.sqlite.sql import ENDPOINT, FEED, ROLES, ROW, json_array, render
from unisono.server.store.sqlite.targets import NONE, read_target_counts

_FEED_AND_ENDPOINT = render(
    """
    SELECT f.feed, f.targets, {feed}, {endpoint}
    FROM feeds AS f LEFT JOIN endpoints AS e ON e.feed = f.feed AND e.endpoint_id = :endpoint_id
    WHERE f.app_id = :app_id AND f.user_id = :user_id
    """,
    feed=FEED,
    endpoint=ENDPOINT,
)

_STANDING = render(
    """
    SELECT f.epoch, f.revision, {endpoint}
    FROM feeds AS f LEFT JOIN endpoints AS e ON e.feed = f.feed AND e.endpoint_id = :endpoint_id
    WHERE f.app_id = :app_id AND f.user_id = :user_id
    """,
    endpoint=ENDPOINT,
)

NAMED = """
    WITH this AS (SELECT feed FROM feeds WHERE app_id = :app_id AND user_id = :user_id),
    named AS (
        SELECT n.rowid AS place FROM this CROSS JOIN json_each(:ids) AS i CROSS JOIN notifications AS n
        ON n.id = i.value AND n.feed = this.feed
        UNION
        SELECT n.rowid FROM this CROSS JOIN json_each(:keys) AS k CROSS JOIN notifications AS n
        ON n.feed = this.feed AND n.app_notification_id = k.value AND n.app_notification_id <> ''
        AND n.removal IS NULL
        UNION
        SELECT (
            SELECT n.rowid FROM notifications AS n
            WHERE n.feed = this.feed AND n.app_notification_id = k.value AND n.app_notification_id <> ''
            AND n.sender_role = role.value AND n.removal IS NOT NULL
            ORDER BY n.revision DESC LIMIT 1
        ) FROM this CROSS JOIN json_each(:keys) AS k CROSS JOIN json_each(:roles) AS role
    )
    SELECT {row} FROM named CROSS JOIN notifications AS n ON n.rowid = named.place
    """
"""What ids and keys name in a feed: see `find`."""

_FIND = render(NAMED, row=ROW)

_ENDPOINTS = render(
    """
    SELECT {endpoint} FROM feeds AS f CROSS JOIN endpoints AS e ON e.feed = f.feed
    WHERE f.app_id = :app_id AND f.user_id = :user_id AND e.delete_time IS NULL
    ORDER BY e.create_time, e.rowid
    """,
    endpoint=ENDPOINT,
)

_FIRST_USER = """
    SELECT user_id FROM feeds WHERE app_id = :app_id AND user_id >= :at_least ORDER BY user_id LIMIT 1
    """

_DUE = """
    WITH detached AS (SELECT feed FROM feeds WHERE app_id = ''),
    expired AS (
        SELECT feed, id, expire_time AS time FROM notifications
        WHERE removal IS NULL AND expire_time <= :now AND feed NOT IN detached
        ORDER BY expire_time LIMIT :limit
    ),
    snoozed AS (
        SELECT feed, id, snooze_until AS time FROM notifications
        WHERE removal IS NULL AND snooze_until IS NOT NULL AND snooze_until <= :now
        AND expire_time > :now AND feed NOT IN detached
        ORDER BY snooze_until LIMIT :limit
    )
    SELECT f.app_id, f.user_id, due.id, due.time
    FROM (SELECT * FROM expired UNION ALL SELECT * FROM snoozed ORDER BY time LIMIT :limit) AS due
    CROSS JOIN feeds AS f ON f.feed = due.feed
    ORDER BY due.time
    """


async def read_first_user(readers: Readers, app_id: str, at_least: str) -> str | None:
    """Return the first user of an app in the order of ids, from `at_least` on, if there is one."""
    values = {"app_id": app_id, "at_least": at_least}
    found = [user_id for (user_id,) in await readers.fetch(NOBODY, _FIRST_USER, values)]
    return found[0] if found else None


async def read_feed(readers: Readers, key: FeedKey) -> Feed | None:
    """Return a feed, or None where there is none."""
    feed, _ = await read_feed_and_endpoint(readers, key, "")
    return feed


async def read_feed_and_endpoint(
    readers: Readers, key: FeedKey, endpoint_id: str
) -> tuple[Feed | None, Endpoint | None]:
    """Return a feed and an endpoint, deleted or not, from one snapshot; None for what does not exist."""
    values = {**key._asdict(), "endpoint_id": endpoint_id}

    def both(connection: sqlite3.Connection) -> tuple[Feed | None, Endpoint | None]:
        with snapshot(connection):
            for feed_id, targets, *record in connection.execute(_FEED_AND_ENDPOINT, values).fetchall():
                counts = read_target_counts(connection, [feed_id]).get(feed_id, NONE) if targets else NONE
                endpoint = None if record[7] is None else rows.endpoint(key, record[7:])
                return rows.feed(key, record[:7], counts), endpoint
        return None, None

    return await readers.read(key, both)


async def read_standing(
    readers: Readers, key: FeedKey, endpoint_id: str
) -> tuple[Standing | None, Endpoint | None]:
    """Return a feed's epoch and revision and an endpoint, deleted or not; None for what does not exist."""
    values = {**key._asdict(), "endpoint_id": endpoint_id}
    for epoch, revision, *record in await readers.fetch(key, _STANDING, values):
        endpoint = None if record[0] is None else rows.endpoint(key, record)
        return Standing(epoch, revision), endpoint
    return None, None


async def find(
    readers: Readers, key: FeedKey, ids: Sequence[str], keys: Sequence[str]
) -> Sequence[Notification]:
    """Return the rows with these ids and keys, each once, in no particular order; see `Store.find`."""
    return [
        rows.notification(key, record) for record in await readers.fetch(key, _FIND, naming(key, ids, keys))
    ]


def naming(key: FeedKey, ids: Sequence[str], keys: Sequence[str]) -> dict[str, Any]:
    """Return the values that `NAMED` binds."""
    return {**key._asdict(), "ids": json_array(ids), "keys": json_array(keys), "roles": ROLES}


async def read_endpoints(readers: Readers, key: FeedKey) -> Sequence[Endpoint]:
    """Return the endpoints that are not deleted, in the order of registration."""
    return [rows.endpoint(key, record) for record in await readers.fetch(key, _ENDPOINTS, key._asdict())]


async def read_due(readers: Readers, now: int, limit: int) -> Sequence[Due]:
    """Return at most `limit` live notifications due at `now` (ms since 1970), the longest due first."""
    records = await readers.fetch(NOBODY, _DUE, {"now": now, "limit": limit})
    return [Due(feed=FeedKey(app_id, user_id), id=id_, time=time) for app_id, user_id, id_, time in records]
