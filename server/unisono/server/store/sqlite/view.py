"""Reads the view of a commit: rows by id and key, and scans, in few statements."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from unisono.server.model import FeedKey, Notification
from unisono.server.store.commit import ReadSet, Scan, Scanned, View
from unisono.server.store.sqlite import rows
from unisono.server.store.sqlite.feeds import Feeds
from unisono.server.store.sqlite.lookups import Lookups
from unisono.server.store.sqlite.room import read_leaving
from unisono.server.store.sqlite.sql import FOR_ENDPOINT, ROW, ROW_WITHOUT_PAYLOAD, endpoint, render

_NTH = """
    SELECT create_revision FROM notifications
    WHERE feed = :feed AND removal IS NULL AND create_revision > :after AND create_revision <= :until
    ORDER BY create_revision LIMIT 1 OFFSET :max_examined - 1
    """

_SCANNED = """
    SELECT {row} FROM notifications AS n
    WHERE n.feed = :feed AND n.removal IS NULL
    AND n.create_revision > :after AND n.create_revision <= :until
    AND (:group_name IS NULL OR n.group_name = :group_name)
    AND (:endpoint_id IS NULL OR {for_endpoint})
    ORDER BY n.create_revision LIMIT :limit
    """

_SCANNED_ROWS = {
    True: render(_SCANNED, row=ROW, for_endpoint=FOR_ENDPOINT),
    False: render(_SCANNED, row=ROW_WITHOUT_PAYLOAD, for_endpoint=FOR_ENDPOINT),
}


class Rows:
    """The rows that were read, each once, with the payload if any read brought it."""

    def __init__(self) -> None:
        self._by_id: dict[str, Notification] = {}

    def __contains__(self, id_: object) -> bool:
        return id_ in self._by_id

    def add(self, found: Iterable[Notification]) -> None:
        """Add rows, some of which may be there already."""
        for row in found:
            known = self._by_id.get(row.id)
            if known is None or known.payload is None:
                self._by_id[row.id] = row

    def by_feed(self) -> dict[FeedKey, Sequence[Notification]]:
        """Return the rows by feed; feeds without rows are absent."""
        feeds: dict[FeedKey, list[Notification]] = defaultdict(list)
        for row in self._by_id.values():
            feeds[row.feed].append(row)
        return dict(feeds)


def read_view(connection: sqlite3.Connection, reads: Sequence[ReadSet], feeds: Feeds) -> View:
    """Return the view of these read sets. A row has its payload if a read set that finds it asks for it."""
    found = Rows()
    for payload in (False, True):
        wanted = [
            (feeds.feed_id(read.feed), read)
            for read in reads
            if read.payload is payload and read.named and read.feed in feeds.stored
        ]
        if not wanted:
            continue
        names = {feed_id: read.feed for feed_id, read in wanted}
        lookups = Lookups(connection, names, payload=payload)
        found.add(lookups.by_id([(feed_id, id_) for feed_id, read in wanted for id_ in read.ids]))
        found.add(lookups.by_key([(feed_id, key) for feed_id, read in wanted for key in read.keys]))
        found.add(lookups.of_sends([(feed_id, *send) for feed_id, read in wanted for send in read.sends]))
    scans: dict[int, Scanned] = {}
    for index, read in enumerate(reads):
        if read.scan is not None:
            scanned, resume_after = _scanned(connection, read, read.scan, feeds)
            scans[index] = Scanned(tuple(row.id for row in scanned), resume_after)
            found.add(scanned)
    found.add(list(read_leaving(connection, reads, feeds, found)))
    return View(feeds=feeds.feeds, rows=found.by_feed(), scans=scans)


def _scanned(
    connection: sqlite3.Connection, read: ReadSet, scan: Scan, feeds: Feeds
) -> tuple[list[Notification], int | None]:
    """Return the rows that the scan found, and the create_revision to go on after (None: the end)."""
    if read.feed not in feeds.stored:
        return [], None
    bounds = {"feed": feeds.feed_id(read.feed), "after": scan.after, "until": scan.until}
    seen = _nth(connection, bounds, max(scan.limit, scan.max_examined)) if scan.is_narrowed else None
    values = {
        **bounds,
        "until": scan.until if seen is None else seen,
        "limit": scan.limit,
        "group_name": scan.group_name,
        **endpoint(scan.audience),
    }
    records = connection.execute(_SCANNED_ROWS[read.payload], values)
    found = [rows.notification(read.feed, record) for record in records]
    return found, found[-1].create_revision if len(found) == scan.limit else seen


def _nth(connection: sqlite3.Connection, bounds: Mapping[str, int], max_examined: int) -> int | None:
    """Return the create_revision of the last row to examine, or None where there are fewer."""
    for (create_revision,) in connection.execute(_NTH, {**bounds, "max_examined": max_examined}):
        return int(create_revision)
    return None
