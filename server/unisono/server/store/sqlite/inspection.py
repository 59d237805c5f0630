"""Reads what there is of a feed: counters, endpoints and rows without payloads, all from one snapshot."""

import sqlite3
from collections.abc import Iterator
from typing import Final

from unisono.server.model import LARGEST_INTEGER, Endpoint, FeedKey, Notification
from unisono.server.store.reads import Inspected, Inspection
from unisono.server.store.sqlite import rows
from unisono.server.store.sqlite.queries import NAMED, naming
from unisono.server.store.sqlite.readers import Readers, snapshot
from unisono.server.store.sqlite.sql import ENDPOINT, FEED, ROW_WITHOUT_PAYLOAD, render
from unisono.server.store.sqlite.targets import NONE, read_target_counts

_FEED: Final = render(
    "SELECT f.feed, f.targets, {feed} FROM feeds AS f WHERE f.app_id = :app_id AND f.user_id = :user_id",
    feed=FEED,
)

_ENDPOINTS: Final = render(
    """
    SELECT {endpoint} FROM endpoints AS e WHERE e.feed = :feed AND e.delete_time IS NULL
    ORDER BY e.create_time, e.rowid LIMIT :limit
    """,
    endpoint=ENDPOINT,
)

_DELETED: Final = render(
    """
    SELECT {endpoint} FROM endpoints AS e WHERE e.feed = :feed AND e.delete_time IS NOT NULL
    ORDER BY e.delete_time DESC, e.endpoint_id DESC LIMIT :limit
    """,
    endpoint=ENDPOINT,
)

_NAMED: Final = render(NAMED, row=ROW_WITHOUT_PAYLOAD)

_LIVE: Final = render(
    """
    SELECT {row} FROM notifications AS n
    WHERE n.feed = :feed AND n.removal IS NULL AND n.create_revision < :before
    ORDER BY n.create_revision DESC LIMIT :limit
    """,
    row=ROW_WITHOUT_PAYLOAD,
)

_REMOVED: Final = render(
    """
    SELECT {row} FROM notifications AS n WHERE n.feed = :feed AND n.removal IS NOT NULL
    ORDER BY n.revision DESC LIMIT :limit
    """,
    row=ROW_WITHOUT_PAYLOAD,
)


async def inspect(readers: Readers, key: FeedKey, what: Inspected) -> Inspection | None:
    """Return what there is of a feed; see `Store.inspect`."""

    def read(connection: sqlite3.Connection) -> Inspection | None:
        with snapshot(connection):
            for feed, targets, *record in connection.execute(_FEED, key._asdict()).fetchall():
                counts = read_target_counts(connection, [feed]).get(feed, NONE) if targets else NONE
                bounds = {"feed": feed, "limit": what.endpoints}
                return Inspection(
                    feed=rows.feed(key, record, counts),
                    endpoints=_endpoints(connection, key, _ENDPOINTS, bounds),
                    deleted_endpoints=_endpoints(connection, key, _DELETED, bounds),
                    rows=_rows(connection, key, feed, what),
                )
        return None

    return await readers.read(key, read)


def _endpoints(
    connection: sqlite3.Connection, key: FeedKey, statement: str, values: dict[str, int]
) -> list[Endpoint]:
    return [rows.endpoint(key, record) for record in connection.execute(statement, values)]


def _rows(connection: sqlite3.Connection, key: FeedKey, feed: int, what: Inspected) -> list[Notification]:
    found = [rows.notification(key, record) for record in _records(connection, key, feed, what)]
    return sorted(found, key=lambda row: (not row.live, -(row.create_revision if row.live else row.revision)))


def _records(
    connection: sqlite3.Connection, key: FeedKey, feed: int, what: Inspected
) -> Iterator[rows.Record]:
    if what.ids or what.keys:
        yield from connection.execute(_NAMED, naming(key, what.ids, what.keys))
        return
    before = LARGEST_INTEGER if what.before is None else what.before
    yield from connection.execute(_LIVE, {"feed": feed, "before": before, "limit": what.limit})
    if what.before is None:
        yield from connection.execute(_REMOVED, {"feed": feed, "limit": what.limit})
