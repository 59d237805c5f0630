"""Advances the service's time: expiry, ends of snoozes, and the purge of what is past its retention."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from unisono.client.testing.deleting import remove
from unisono.client.testing.feed import Feed, Row, copy_message, wake_all
from unisono.client.testing.state import ServiceState
from unisono.client.testing.times import millis
from unisono.v1 import notification_pb2 as pb
from unisono.v1.feed_service_pb2 import CHANGE_TYPE_EXPIRED, CHANGE_TYPE_STATE_CHANGED

_DAY: Final = 24 * 3600 * 1000
#: The retention of tombstones and deleted endpoints, and of endpoints that are not seen, of either kind.
_REMOVALS_KEPT: Final = 30 * _DAY
_UNSEEN_KEPT: Final = 60 * _DAY
_EPHEMERAL_KEPT: Final = 5 * 60 * 1000


def advance(state: ServiceState, span: int) -> None:
    """Advance the time by `span` milliseconds: what expires or wakes does so at its own time, in order.

    Afterwards what is past its retention is purged, and all streams are woken. While nothing can be stored,
    all but the last waits.
    """
    until = state.now + span
    if not state.full:
        _sweep(state, until)
    state.now = until
    wake_all(state.listeners)


def _sweep(state: ServiceState, until: int) -> None:
    while due := min(_due(state, until), default=None, key=lambda due: due[:2]):
        time, _, feed, row = due
        state.now = max(state.now, time)
        _act(feed, row, state.now)
    for feed in tuple(state.feeds.values()):
        if _purge(feed, until) and not feed.rows and not feed.endpoints:
            # A later feed of this user has another epoch.
            del state.feeds[feed.key]


def _due(state: ServiceState, until: int) -> Iterator[tuple[int, bool, Feed, Row]]:
    """Yield what is due: when, whether it wakes then, which comes after what expires, and what it is."""
    for feed in state.feeds.values():
        for row in feed.live:
            expires = millis(row.message.expire_time)
            wakes = millis(row.message.snooze_until) if row.message.HasField("snooze_until") else expires
            if min(expires, wakes) <= until:
                yield min(expires, wakes), wakes < expires, feed, row


def _act(feed: Feed, row: Row, now: int) -> None:
    if millis(row.message.expire_time) <= now:
        remove(feed, row, CHANGE_TYPE_EXPIRED, now)
        return
    message = copy_message(row)
    message.read_state = pb.READ_STATE_UNREAD
    message.user_action_state = pb.USER_ACTION_STATE_NO_INTERACTION
    message.ClearField("snooze_until")
    message.ClearField("action_id")
    feed.commit(replace(row, message=message), CHANGE_TYPE_STATE_CHANGED, now, alert=True)


def _purge(feed: Feed, now: int) -> bool:
    """Purge what is past its retention, and return whether there was anything."""
    before = len(feed.rows) + len(feed.endpoints)
    old = [row for row in feed.rows.values() if not row.live and _age(row, now) > _REMOVALS_KEPT]
    for row in old:
        del feed.rows[row.message.id]
        feed.floor = max(feed.floor, row.message.revision)
    streaming = {listener.endpoint_id for listener in feed.listeners}
    for endpoint in tuple(feed.endpoints.values()):
        kept = _EPHEMERAL_KEPT if endpoint.message.ephemeral else _UNSEEN_KEPT
        unseen = now - millis(endpoint.message.last_seen_time) > kept and endpoint.id not in streaming
        deleted = endpoint.delete_time is not None and now - endpoint.delete_time > _REMOVALS_KEPT
        if deleted or (unseen and endpoint.delete_time is None):
            del feed.endpoints[endpoint.id]
    return len(feed.rows) + len(feed.endpoints) < before


def _age(row: Row, now: int) -> int:
    return now - millis(row.message.update_time)
