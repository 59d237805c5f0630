"""Commits endpoints, and records their activity."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from unisono.server.clock import Ids
from unisono.server.model import Endpoint, FeedKey
from unisono.server.store.commit import EndpointDecision, EndpointItem, EndpointView
from unisono.server.store.reads import EndpointActivity
from unisono.server.store.sqlite import rows
from unisono.server.store.sqlite.feed_cache import FeedCache
from unisono.server.store.sqlite.feeds import Feeds, insert_feed, read_feeds, write_feeds
from unisono.server.store.sqlite.sql import ENDPOINT, json_array, render
from unisono.server.store.sqlite.transaction import transaction, translated

R = TypeVar("R")
ItemT = TypeVar("ItemT", bound=EndpointItem)

_READ = render(
    """
    SELECT e.feed, {endpoint} FROM json_each(:feeds) AS named CROSS JOIN endpoints AS e
    ON e.feed = named.value AND e.delete_time IS NULL
    UNION ALL
    SELECT e.feed, {endpoint} FROM json_each(:deleted) AS named CROSS JOIN endpoints AS e
    ON e.feed = json_extract(named.value, '$[0]') AND e.endpoint_id = json_extract(named.value, '$[1]')
    AND e.delete_time IS NOT NULL
    """,
    endpoint=ENDPOINT,
)

_WRITE = """
    INSERT INTO endpoints (feed, endpoint_id, platform, display_name, create_time, last_seen_time,
        acknowledged_revision, session_id, delete_time, may_return, registrations,
        ephemeral_seen_time)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (feed, endpoint_id) DO UPDATE SET
        platform = excluded.platform,
        display_name = excluded.display_name,
        create_time = excluded.create_time,
        last_seen_time = excluded.last_seen_time,
        acknowledged_revision = excluded.acknowledged_revision,
        session_id = excluded.session_id,
        delete_time = excluded.delete_time,
        may_return = excluded.may_return,
        registrations = excluded.registrations,
        ephemeral_seen_time = excluded.ephemeral_seen_time
    """

_REMOVE = "DELETE FROM endpoints WHERE feed = :feed AND endpoint_id = :endpoint_id"

_FORGET_DELETED = """
    DELETE FROM endpoints WHERE rowid IN (
        SELECT rowid FROM endpoints WHERE feed = :feed AND delete_time IS NOT NULL
        ORDER BY delete_time DESC, endpoint_id DESC LIMIT -1 OFFSET :most
    )
    """

_SEEN = """
    UPDATE endpoints SET
        last_seen_time = max(last_seen_time, :time),
        ephemeral_seen_time = iif(ephemeral_seen_time = last_seen_time, max(last_seen_time, :time), NULL),
        acknowledged_revision = iif(registrations = :registrations AND :feed_epoch IN (x'', f.epoch),
            max(acknowledged_revision, :acknowledged_revision), acknowledged_revision),
        session_id = iif(session_id = :ended_session, '', session_id)
    FROM feeds AS f
    WHERE f.app_id = :app_id AND f.user_id = :user_id AND endpoints.feed = f.feed
    AND endpoint_id = :endpoint_id AND delete_time IS NULL
    """


def commit_endpoints(
    connection: sqlite3.Connection,
    items: Sequence[ItemT],
    decide: Callable[[Sequence[ItemT], EndpointView], EndpointDecision[R]],
    feed_cache: FeedCache,
    ids: Ids,
) -> EndpointDecision[R]:
    """Read the endpoints, call `decide`, and write its decision, or change nothing; see
    `Store.commit_endpoints`.
    """
    with transaction(connection):
        with translated():
            feeds = read_feeds(connection, feed_cache, (item.feed for item in items), ids)
            view = EndpointView(feeds=feeds.feeds, endpoints=_read(connection, items, feeds))
        decision = decide(items, view)
        with translated():
            write_feeds(connection, feeds, decision.feeds)
            _write(connection, feeds, decision.endpoints)
            connection.executemany(_REMOVE, [_place(feeds, removed) for removed in decision.removed])
            _forget_deleted(connection, feeds, decision)
    feed_cache.put(feeds.stored)
    return decision


def record_activity(connection: sqlite3.Connection, activities: Sequence[EndpointActivity]) -> None:
    """Record the activity of endpoints in one transaction; see `Store.record_activity`."""
    values = [
        {
            "app_id": activity.feed.app_id,
            "user_id": activity.feed.user_id,
            "endpoint_id": activity.endpoint_id,
            "time": activity.time,
            "acknowledged_revision": activity.acknowledged_revision,
            "registrations": activity.registrations,
            "feed_epoch": activity.feed_epoch,
            "ended_session": activity.ended_session,
        }
        for activity in activities
    ]
    with transaction(connection), translated():
        connection.executemany(_SEEN, values)


def _read(
    connection: sqlite3.Connection, items: Sequence[EndpointItem], feeds: Feeds
) -> dict[FeedKey, Sequence[Endpoint]]:
    """Return the endpoints that are not deleted, and the named ones that are."""
    names = {feeds.feed_id(key): key for key in feeds.stored}
    deleted = {(feeds.feed_id(item.feed), item.endpoint_id) for item in items if item.feed in feeds.stored}
    values = {"feeds": json_array(names), "deleted": json_array(deleted)}
    found: dict[FeedKey, list[Endpoint]] = defaultdict(list)
    for feed_id, *record in connection.execute(_READ, values):
        found[names[feed_id]].append(rows.endpoint(names[feed_id], record))
    return dict(found)


def _write(connection: sqlite3.Connection, feeds: Feeds, endpoints: Sequence[Endpoint]) -> None:
    for endpoint in endpoints:
        if endpoint.feed not in feeds.stored:
            insert_feed(connection, feeds, feeds.feeds[endpoint.feed])
    values = (rows.endpoint_values(feeds.feed_id(endpoint.feed), endpoint) for endpoint in endpoints)
    connection.executemany(_WRITE, values)


def _forget_deleted(connection: sqlite3.Connection, feeds: Feeds, decision: EndpointDecision[Any]) -> None:
    if decision.deletions_per_feed is None:
        return
    keys = {endpoint.feed for endpoint in decision.endpoints if endpoint.delete_time is not None}
    bounds = [{"feed": feeds.feed_id(key), "most": decision.deletions_per_feed} for key in keys]
    connection.executemany(_FORGET_DELETED, bounds)


def _place(feeds: Feeds, endpoint: Endpoint) -> dict[str, Any]:
    return {"feed": feeds.feed_id(endpoint.feed), "endpoint_id": endpoint.endpoint_id}
