"""The feeds of a batch inside a commit: which there are, which would be new, and what they become."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from unisono.server.clock import Ids
from unisono.server.model import Feed, FeedKey
from unisono.server.store.sqlite import rows
from unisono.server.store.sqlite.sql import FEED, compose, json_array, names, places, settings

_READ = compose(
    """
    SELECT f.app_id, f.user_id, f.feed, {feed}
    FROM json_each(?) AS named CROSS JOIN feeds AS f
    ON f.app_id = json_extract(named.value, '$[0]') AND f.user_id = json_extract(named.value, '$[1]')
    """,
    feed=FEED,
)

_INSERT = compose(
    """
    INSERT INTO feeds (app_id, user_id, epoch, floor, tombstones, {columns})
    VALUES (?, ?, ?, 0, 0, {values}) RETURNING feed
    """,
    columns=names(*rows.FEED_COLUMNS),
    values=places(*rows.FEED_COLUMNS),
)

_UPDATE = compose("UPDATE feeds SET {settings} WHERE feed = ?", settings=settings(*rows.FEED_COLUMNS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeds:
    """The feeds that a batch names; `numbers` has those that are in the database."""

    feeds: Mapping[FeedKey, Feed]
    numbers: dict[FeedKey, int]


def read_feeds(connection: sqlite3.Connection, keys: Iterable[FeedKey], ids: Ids) -> Feeds:
    """The feeds with these keys; one that does not exist has revision 0 and a new epoch."""
    named = dict.fromkeys(keys)
    feeds: dict[FeedKey, Feed] = {}
    numbers: dict[FeedKey, int] = {}
    for app_id, user_id, number, *record in connection.execute(_READ, (json_array(named),)):
        key = FeedKey(app_id, user_id)
        feeds[key] = rows.feed(key, record)
        numbers[key] = number
    new = {key: Feed(key=key, epoch=ids.epoch()) for key in named if key not in feeds}
    return Feeds(feeds=feeds | new, numbers=numbers)


def write_feeds(connection: sqlite3.Connection, known: Feeds, feeds: Sequence[Feed]) -> None:
    """Write what the feeds have become; the new ones get their number."""
    numbers = known.numbers
    old = [(*rows.feed_values(feed), numbers[feed.key]) for feed in feeds if feed.key in numbers]
    new = [feed for feed in feeds if feed.key not in numbers]
    connection.executemany(_UPDATE, old)
    for feed in new:
        insert_feed(connection, known, feed)


def insert_feed(connection: sqlite3.Connection, known: Feeds, feed: Feed) -> None:
    """Write a feed that is not in the database."""
    values = (*feed.key, feed.epoch, *rows.feed_values(feed))
    ((number,),) = connection.execute(_INSERT, values).fetchall()
    known.numbers[feed.key] = number
