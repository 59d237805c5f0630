"""Finds rows by id or key, many in one statement, without reading other rows that have had the key."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from unisono.server.model import FeedKey, Notification
from unisono.server.store.sqlite import rows
from unisono.server.store.sqlite.sql import ROLES, ROW, ROW_WITHOUT_PAYLOAD, json_array, render

# Names are bound as texts FEED:NAME, since SQLite would parse each part of a nested array by itself.
_FEED = "CAST({of}.value AS INTEGER)"
_NAME = "substr({of}.value, instr({of}.value, ':') + 1)"

_BY_ID = f"""
    SELECT n.feed, {{row}} FROM json_each(:ids) AS i CROSS JOIN notifications AS n
    ON n.id = {_NAME.format(of="i")} AND n.feed = {_FEED.format(of="i")}
    """  # noqa: S608  all is ours

_LIVE = f"""
    SELECT n.feed, {{row}} FROM json_each(:keys) AS k CROSS JOIN notifications AS n
    ON n.feed = {_FEED.format(of="k")} AND n.app_notification_id = {_NAME.format(of="k")}
    AND n.app_notification_id <> '' AND n.removal IS NULL
    """  # noqa: S608  all is ours

_NEWEST_GONE = f"""
    SELECT n.feed, {{row}}
    FROM json_each(:keys) AS k CROSS JOIN json_each(:roles) AS role CROSS JOIN notifications AS n
    ON n.rowid = (
        SELECT rowid FROM notifications
        WHERE feed = {_FEED.format(of="k")} AND app_notification_id = {_NAME.format(of="k")}
        AND app_notification_id <> '' AND sender_role = role.value AND removal IS NOT NULL
        ORDER BY revision DESC LIMIT 1
    )
    """  # noqa: S608  all is ours

# JSON cannot hold the bytes of fingerprints: they are bound as one value, joined, each of the same length.
_GONE_WITH_CONTENT = f"""
    SELECT n.feed, {{row}} FROM json_each(:sends) AS s CROSS JOIN notifications AS n
    ON n.feed = {_FEED.format(of="s")} AND n.app_notification_id = {_NAME.format(of="s")}
    AND n.fingerprint = substr(:contents, s.key * :size + 1, :size)
    AND n.app_notification_id <> '' AND n.removal IS NOT NULL
    """  # noqa: S608  all is ours

_STATEMENTS = {
    payload: tuple(
        render(statement, row=row)
        for statement in (
            _BY_ID,
            f"{_LIVE} UNION ALL {_NEWEST_GONE}",
            f"{_LIVE} UNION ALL {_GONE_WITH_CONTENT}",
        )
    )
    for payload, row in ((True, ROW), (False, ROW_WITHOUT_PAYLOAD))
}


class Lookups:
    """Finds rows of the feeds in `names`, which maps row ids to feed keys. A row may be found twice."""

    def __init__(
        self, connection: sqlite3.Connection, names: Mapping[int, FeedKey], *, payload: bool
    ) -> None:
        self._connection = connection
        self._names = names
        self._by_id, self._by_key, self._of_sends = _STATEMENTS[payload]

    def by_id(self, ids: Sequence[tuple[int, str]]) -> Iterator[Notification]:
        """Yield the rows with these pairs of feed and id, live or not."""
        if ids:
            yield from self._found(self._by_id, ids=_texts(ids))

    def by_key(self, keys: Sequence[tuple[int, str]]) -> Iterator[Notification]:
        """Yield, for each feed and key, the live row and the newest tombstone of each sender role."""
        if keys:
            yield from self._found(self._by_key, keys=_texts(keys), roles=ROLES)

    def of_sends(self, sends: Sequence[tuple[int, str, bytes]]) -> Iterator[Notification]:
        """Yield, for each feed, key and fingerprint, the live row, and the tombstones with the content."""
        by_size: defaultdict[int, list[tuple[int, str, bytes]]] = defaultdict(list)
        for send in sends:
            by_size[len(send[2])].append(send)
        for size, group in by_size.items():
            yield from self._found(
                self._of_sends,
                keys=_texts((feed, key) for feed, key, _ in group),
                sends=json_array(f"{feed}:{key}" for feed, key, _ in group),
                contents=b"".join(content for _, _, content in group),
                size=size,
            )

    def _found(self, statement: str, **values: str | bytes | int) -> Iterator[Notification]:
        for feed_id, *record in self._connection.execute(statement, values):
            yield rows.notification(self._names[feed_id], record)


def _texts(names: Iterable[tuple[int, str]]) -> str:
    """Return the names as a JSON array of texts, each once, so that its rows are read once."""
    return json_array(dict.fromkeys(f"{feed}:{name}" for feed, name in names))
