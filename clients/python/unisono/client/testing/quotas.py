"""Checks of how much one feed may hold."""

from collections import Counter

from unisono.client.testing import errors
from unisono.client.testing.feed import Feed, Row
from unisono.client.testing.request_context import RequestContext


def check_room(
    request_context: RequestContext, feed: Feed, target: str, size: int, *, leaves: Row | None
) -> None:
    """Raise `QuotaExceeded` unless the feed has room for a notification, in place of `leaves` if given.

    `target` is its `target_key`, `size` its size in bytes.
    """
    limit = request_context.limits.live_notifications_per_feed
    if leaves is None and len(feed.live) >= limit:
        text = (
            f"the feed holds {limit} live notifications, which is the limit; "
            "delete some, or wait until some expire"
        )
        raise errors.quota_exceeded("LIVE_NOTIFICATIONS_EXCEEDED", text, limit)
    _check_targets(request_context, feed, target, leaves)
    check_growth(request_context, feed, size - (leaves.size if leaves is not None else 0))


def check_growth(request_context: RequestContext, feed: Feed, growth: int) -> None:
    """Raise `QuotaExceeded` unless the feed has room for `growth` more bytes; shrinking is always allowed."""
    limit = request_context.limits.feed_bytes
    if growth > 0 and sum(row.size for row in feed.live) + growth > limit:
        text = (
            f"the live notifications of the feed would take more than {limit} bytes, which is the limit; "
            "delete some, or wait until some expire"
        )
        raise errors.quota_exceeded("FEED_BYTES_EXCEEDED", text, limit)


def _check_targets(request_context: RequestContext, feed: Feed, target: str, leaves: Row | None) -> None:
    limit = request_context.limits.target_policies_per_feed
    live = Counter(row.target_key for row in feed.live if row.target_key)
    if not target or target in live:
        return
    freed = leaves is not None and live[leaves.target_key] == 1
    if len(live) - freed >= limit:
        text = (
            f"the live notifications of the feed have {limit} different target policies, which is the "
            "limit; use one of them, or platforms, or delete some"
        )
        raise errors.quota_exceeded("TARGET_POLICIES_EXCEEDED", text, limit)
