"""Reads what may give way to the sends of a batch, for the feeds that they would fill."""

import sqlite3
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from typing import Final

from unisono.server.model import FeedKey, Notification
from unisono.server.store.commit import MAX_DISPLACED, ReadSet, Room, shortage
from unisono.server.store.sqlite import rows
from unisono.server.store.sqlite.feeds import Feeds
from unisono.server.store.sqlite.sql import ROW_WITHOUT_PAYLOAD, render

MAX_EXPIRED: Final = 100
"""How many of all rows that have expired are looked at: the sweeper takes the others, in the same order."""

EXPIRED: Final = render(
    """
    SELECT {row} FROM (
        SELECT feed, rowid AS place FROM notifications
        WHERE removal IS NULL AND expire_time <= :now ORDER BY expire_time LIMIT :limit
    ) AS due CROSS JOIN notifications AS n ON n.rowid = due.place
    WHERE due.feed = :feed
    """,
    row=ROW_WITHOUT_PAYLOAD,
)

SETTLED: Final = render(
    """
    SELECT {row} FROM notifications AS n
    WHERE n.feed = :feed
    AND n.removal IS NULL AND (n.read_state = 2 OR n.user_action_state = 3) AND n.user_action_state <> 4
    ORDER BY n.create_revision LIMIT :limit
    """,
    row=ROW_WITHOUT_PAYLOAD,
)


def read_leaving(
    connection: sqlite3.Connection, reads: Sequence[ReadSet], feeds: Feeds, found: Container[str]
) -> Iterator[Notification]:
    """Yield the rows that may give way; see `Room`.

    `found` has the ids of rows that others of the batch read: they may change what these rows are, so as many
    more are read as there are of them.
    """
    for key, wanted in _nearly_full(reads, feeds).items():
        live, size = shortage(feeds.feeds[key], wanted)
        if (live or size) and key in feeds.stored:
            bounds = {
                "feed": feeds.feed_id(key),
                "now": max(room.now for room in wanted),
                "limit": MAX_EXPIRED,
            }
            for record in connection.execute(EXPIRED, bounds):
                yield rows.notification(key, record)
            bounds["limit"] = len(wanted) * MAX_DISPLACED
            yield from _settled(connection, key, bounds, live, size, found)


def _nearly_full(reads: Sequence[ReadSet], feeds: Feeds) -> dict[FeedKey, list[Room]]:
    """Return what is wanted of the feeds that would be full if all of the batch went into each of them."""
    count, size = len(reads), sum(read.room.size for read in reads if read.room is not None)
    wanted: defaultdict[FeedKey, list[Room]] = defaultdict(list)
    for read in reads:
        room, feed = read.room, feeds.feeds[read.feed]
        if room and (feed.live + count > room.max_live or feed.size + size > room.max_bytes):
            wanted[read.feed].append(room)
    return wanted


def _settled(
    connection: sqlite3.Connection,
    key: FeedKey,
    bounds: dict[str, int],
    live: int,
    size: int,
    found: Container[str],
) -> Iterator[Notification]:
    """Yield settled rows, oldest first, until so many that nobody else reads, and so many bytes, came."""
    for record in connection.execute(SETTLED, bounds):
        row = rows.notification(key, record)
        yield row
        if row.id not in found:
            live, size = live - 1, size - row.size
        if live <= 0 and size <= 0:
            return
