"""Reads and writes the feeds of a batch within a commit."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from unisono.server.clock import Ids
from unisono.server.model import Feed, FeedKey
from unisono.server.store.sqlite import rows
from unisono.server.store.sqlite.feed_cache import FeedCache, StoredFeed
from unisono.server.store.sqlite.sql import FEED, assignments, column_list, json_array, placeholders, render
from unisono.server.store.sqlite.targets import NONE, read_target_counts, write_target_counts

_READ = render(
    """
    SELECT f.app_id, f.user_id, f.feed, f.targets, {feed}
    FROM json_each(?) AS named CROSS JOIN feeds AS f
    ON f.app_id = json_extract(named.value, '$[0]') AND f.user_id = json_extract(named.value, '$[1]')
    """,
    feed=FEED,
)

_INSERT = render(
    """
    INSERT INTO feeds (app_id, user_id, epoch, floor, tombstones, {columns})
    VALUES (?, ?, ?, 0, 0, {values}) RETURNING feed
    """,
    columns=column_list(*rows.FEED_COLUMNS),
    values=placeholders(*rows.FEED_COLUMNS),
)

_UPDATE = render("UPDATE feeds SET {settings} WHERE feed = ?", settings=assignments(*rows.FEED_COLUMNS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeds:
    """The feeds that a batch names: `feeds` as they were read, `stored` those in the database, as last
    written.
    """

    feeds: Mapping[FeedKey, Feed]
    stored: dict[FeedKey, StoredFeed]

    def feed_id(self, key: FeedKey) -> int:
        """Return the row id of a feed. Raises `KeyError` for one that is not in the database."""
        return self.stored[key].feed_id


def read_feeds(
    connection: sqlite3.Connection, feed_cache: FeedCache, keys: Iterable[FeedKey], ids: Ids
) -> Feeds:
    """Return the feeds with these keys, from the cache or the database.

    A feed that does not exist has revision 0, a new epoch and no endpoints, and is not in `stored`.
    """
    named = dict.fromkeys(keys)
    stored = feed_cache.pop(named)
    stored |= _read(connection, [key for key in named if key not in stored])
    feeds = {
        key: stored[key].feed if key in stored else Feed(key=key, epoch=ids.epoch(), endpoints=0)
        for key in named
    }
    return Feeds(feeds=feeds, stored=stored)


def write_feeds(connection: sqlite3.Connection, known: Feeds, feeds: Sequence[Feed]) -> None:
    """Write feeds and their counts by target policy, and update `known.stored`; new feeds get their
    row id.
    """
    old = [feed for feed in feeds if feed.key in known.stored]
    new = [feed for feed in feeds if feed.key not in known.stored]
    connection.executemany(_UPDATE, [(*rows.feed_values(feed), known.feed_id(feed.key)) for feed in old])
    before = {feed.key: known.stored[feed.key].feed.targets for feed in old}
    known.stored.update((feed.key, StoredFeed(known.feed_id(feed.key), feed)) for feed in old)
    for feed in new:
        insert_feed(connection, known, feed)
    write_target_counts(
        connection, [(known.feed_id(feed.key), before.get(feed.key, NONE), feed.targets) for feed in feeds]
    )


def insert_feed(connection: sqlite3.Connection, known: Feeds, feed: Feed) -> None:
    """Write a feed that is not in the database yet, and add it to `known.stored`."""
    values = (*feed.key, feed.epoch, *rows.feed_values(feed))
    ((feed_id,),) = connection.execute(_INSERT, values).fetchall()
    known.stored[feed.key] = StoredFeed(feed_id, feed)


def _read(connection: sqlite3.Connection, keys: Sequence[FeedKey]) -> dict[FeedKey, StoredFeed]:
    if not keys:
        return {}
    records = connection.execute(_READ, (json_array(keys),)).fetchall()
    targeted = [feed_id for _, _, feed_id, targets, *_ in records if targets]
    targets = read_target_counts(connection, targeted) if targeted else {}
    found: dict[FeedKey, StoredFeed] = {}
    for app_id, user_id, feed_id, _, *record in records:
        key = FeedKey(app_id, user_id)
        found[key] = StoredFeed(feed_id, rows.feed(key, record, targets.get(feed_id, NONE)))
    return found
