"""What the items of a commit see: their rows by id, by key and by scan, in few statements."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence

from unisono.server.model import FeedKey, Notification
from unisono.server.store.commit import Reads, Scan, View
from unisono.server.store.sqlite import rows
from unisono.server.store.sqlite.feeds import Feeds
from unisono.server.store.sqlite.sql import MEANT, ROW, ROW_WITHOUT_PAYLOAD, compose, endpoint, json_array

_NAMED = """
    WITH named AS (
        SELECT n.rowid AS place FROM json_each(:ids) AS i CROSS JOIN notifications AS n
        ON n.id = json_extract(i.value, '$[1]') AND n.feed = json_extract(i.value, '$[0]')
        UNION
        SELECT n.rowid FROM json_each(:keys) AS k CROSS JOIN notifications AS n
        ON n.feed = json_extract(k.value, '$[0]')
        AND n.app_notification_id = json_extract(k.value, '$[1]') AND n.app_notification_id <> ''
    )
    SELECT n.feed, {row} FROM named CROSS JOIN notifications AS n ON n.rowid = named.place
    """

_SCANNED = """
    SELECT {row} FROM notifications AS n
    WHERE n.feed = :feed AND n.removal IS NULL
    AND n.create_revision > :after AND n.create_revision <= :until
    AND (:group_name IS NULL OR n.group_name = :group_name)
    AND (:endpoint_id IS NULL OR {meant})
    ORDER BY n.create_revision LIMIT :limit
    """

_NAMED_ROWS = {
    True: compose(_NAMED, row=ROW),
    False: compose(_NAMED, row=ROW_WITHOUT_PAYLOAD),
}
_SCANNED_ROWS = {
    True: compose(_SCANNED, row=ROW, meant=MEANT),
    False: compose(_SCANNED, row=ROW_WITHOUT_PAYLOAD, meant=MEANT),
}


class Rows:
    """The rows that were read, each once, with its payload if it was ever read with it."""

    def __init__(self) -> None:
        self._by_id: dict[str, Notification] = {}

    def add(self, found: Iterable[Notification]) -> None:
        for row in found:
            known = self._by_id.get(row.id)
            if known is None or known.payload is None:
                self._by_id[row.id] = row

    def by_feed(self) -> dict[FeedKey, Sequence[Notification]]:
        feeds: dict[FeedKey, list[Notification]] = defaultdict(list)
        for row in self._by_id.values():
            feeds[row.feed].append(row)
        return dict(feeds)


def read_view(connection: sqlite3.Connection, reads: Sequence[Reads], feeds: Feeds) -> View:
    """What is asked for. Payloads come only with what somebody wants them of."""
    found = Rows()
    for payload in (False, True):
        wanted = [read for read in reads if read.payload is payload and read.feed in feeds.stored]
        found.add(_named(connection, wanted, feeds, payload))
    scans: dict[int, tuple[str, ...]] = {}
    for index, read in enumerate(reads):
        if read.scan is not None:
            scanned = _scanned(connection, read, read.scan, feeds)
            scans[index] = tuple(row.id for row in scanned)
            found.add(scanned)
    return View(feeds=feeds.feeds, rows=found.by_feed(), scans=scans)


def _named(
    connection: sqlite3.Connection, reads: Sequence[Reads], feeds: Feeds, payload: bool
) -> list[Notification]:
    ids = [(feeds.number(read.feed), id_) for read in reads for id_ in read.ids]
    keys = [(feeds.number(read.feed), key) for read in reads for key in read.keys]
    if not ids and not keys:
        return []
    names = {feeds.number(read.feed): read.feed for read in reads}
    values = {"ids": json_array(ids), "keys": json_array(keys)}
    records = connection.execute(_NAMED_ROWS[payload], values)
    return [rows.notification(names[number], record) for number, *record in records]


def _scanned(connection: sqlite3.Connection, read: Reads, scan: Scan, feeds: Feeds) -> list[Notification]:
    if read.feed not in feeds.stored:
        return []
    values = {
        "feed": feeds.number(read.feed),
        "after": scan.after,
        "until": scan.until,
        "limit": scan.limit,
        "group_name": scan.group_name,
        **endpoint(scan.audience),
    }
    records = connection.execute(_SCANNED_ROWS[read.payload], values)
    return [rows.notification(read.feed, record) for record in records]
