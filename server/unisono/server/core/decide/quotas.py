"""Quotas of a feed, checked before anything is added to it or grows in it (docs/decisions/0015)."""

from unisono.server.core.decide.ledger import Ledger
from unisono.server.errors import QuotaExceeded, Reason
from unisono.server.model import Limits, Notification, TargetPolicy


def check_room(
    ledger: Ledger, target: TargetPolicy, size: int, limits: Limits, *, leaves: Notification | None
) -> None:
    """Raise `QuotaExceeded` unless there is room for one more notification, or for one in place of `leaves`.

    Bounded are the live notifications, their target policies and their bytes. `size` is in bytes, as
    `size_of` counts.
    """
    if leaves is None:
        _check_live(ledger, limits.live_notifications_per_feed)
    _check_targets(ledger, target, limits.target_policies_per_feed, leaves)
    _check_size(ledger, size - (leaves.size if leaves is not None else 0), limits.feed_bytes)


def check_growth(ledger: Ledger, row: Notification, size: int, limits: Limits) -> None:
    """Raise `QuotaExceeded` (FEED_BYTES_EXCEEDED) unless a live row may become `size` bytes large."""
    _check_size(ledger, size - row.size, limits.feed_bytes)


def _check_live(ledger: Ledger, limit: int) -> None:
    if ledger.live >= limit:
        raise _exceeded(
            ledger,
            Reason.LIVE_NOTIFICATIONS_EXCEEDED,
            f"the feed holds {limit} live notifications, which is the limit; "
            "delete some, or wait until some expire",
            limit,
        )


def _check_targets(ledger: Ledger, target: TargetPolicy, limit: int, leaves: Notification | None) -> None:
    if not target.key or target.key in ledger.targets:
        return
    left = ledger.targets.get(leaves.target.key) if leaves is not None else None
    freed = left is not None and left.live == 1
    if len(ledger.targets) - freed >= limit:
        raise _exceeded(
            ledger,
            Reason.TARGET_POLICIES_EXCEEDED,
            f"the live notifications of the feed have {limit} different target policies, which is the limit; "
            "use one of them, or platforms, or delete some",
            limit,
        )


def _check_size(ledger: Ledger, growth: int, limit: int) -> None:
    if growth > 0 and ledger.size + growth > limit:
        raise _exceeded(
            ledger,
            Reason.FEED_BYTES_EXCEEDED,
            f"the live notifications of the feed would take more than {limit} bytes, which is the limit; "
            "delete some, or wait until some expire",
            limit,
        )


def _exceeded(ledger: Ledger, reason: Reason, message: str, limit: int) -> QuotaExceeded:
    return QuotaExceeded(reason, message, subject=f"user:{ledger.feed.key.user_id}", limit=limit)
