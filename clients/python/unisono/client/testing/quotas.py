"""Checks of how much one feed may hold."""

from collections import Counter
from typing import Final

from unisono.client._errors import QuotaExceeded
from unisono.client.testing import errors
from unisono.client.testing.feed import Feed, Row
from unisono.client.testing.request_context import RequestContext
from unisono.client.testing.times import millis

#: How many that were read or dismissed give way to one send at most.
_MAX_DISPLACED: Final = 64


def check_room(
    request_context: RequestContext, feed: Feed, target: str, size: int, *, leaves: Row | None
) -> list[Row]:
    """Return what has to give way for one more notification, or for one in place of `leaves`.

    `target` is its `target_key`, `size` its size in bytes. Raises `QuotaExceeded` where all that may give way
    would not do.
    """
    limits = request_context.limits
    growth = size - (leaves.size if leaves is not None else 0)
    rows = feed.live
    live = len(rows) + 1 - limits.live_notifications_per_feed if leaves is None else 0
    excess = _size(rows) + growth - limits.feed_bytes if growth > 0 else 0
    makes_room = limits.full_feed == "make_room" and (live > 0 or excess > 0)
    going: list[Row] = []
    for row in _may_give_way(request_context, rows) if makes_room else ():
        if live <= 0 and excess <= 0:
            break
        if row is not leaves:
            going.append(row)
            live, excess = live - 1, excess - row.size
    if live > 0:
        limit = limits.live_notifications_per_feed
        text = (
            f"the feed holds {limit} live notifications, which is the limit; "
            "delete some, or wait until some expire"
        )
        raise errors.quota_exceeded("LIVE_NOTIFICATIONS_EXCEEDED", text, limit)
    _check_targets(request_context, rows, target, leaves)
    if excess > 0:
        raise _size_exceeded(limits.feed_bytes)
    return going


def _may_give_way(request_context: RequestContext, live: list[Row]) -> list[Row]:
    """Return what may give way, in this order: what has expired, then the oldest of what is settled."""
    now = request_context.now
    expired = [row for row in live if millis(row.message.expire_time) <= now]
    settled = [row for row in live if row.settled and row not in expired]
    return sorted(expired, key=lambda row: millis(row.message.expire_time)) + settled[:_MAX_DISPLACED]


def _size(live: list[Row]) -> int:
    return sum(row.size for row in live)


def _size_exceeded(limit: int) -> QuotaExceeded:
    text = (
        f"the live notifications of the feed would take more than {limit} bytes, which is the limit; "
        "delete some, or wait until some expire"
    )
    return errors.quota_exceeded("FEED_BYTES_EXCEEDED", text, limit)


def check_growth(request_context: RequestContext, feed: Feed, growth: int) -> None:
    """Raise `QuotaExceeded` unless the feed has room for `growth` more bytes; shrinking is always allowed."""
    limit = request_context.limits.feed_bytes
    if growth > 0 and _size(feed.live) + growth > limit:
        raise _size_exceeded(limit)


def _check_targets(request_context: RequestContext, live: list[Row], target: str, leaves: Row | None) -> None:
    if not target:
        return
    limit = request_context.limits.target_policies_per_feed
    targets = Counter(row.target_key for row in live if row.target_key)
    if target in targets:
        return
    freed = leaves is not None and targets[leaves.target_key] == 1
    if len(targets) - freed >= limit:
        text = (
            f"the live notifications of the feed have {limit} different target policies, which is the "
            "limit; use one of them, or platforms, or delete some"
        )
        raise errors.quota_exceeded("TARGET_POLICIES_EXCEEDED", text, limit)
