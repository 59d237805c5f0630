"""Quotas of a feed, checked before anything is added to it or grows in it (docs/decisions/0015)."""

from collections.abc import Iterable

from unisono.server.core.decide.ledger import Ledger
from unisono.server.errors import QuotaExceeded, Reason
from unisono.server.model import Limits, Notification, TargetPolicy


def check_room(
    ledger: Ledger,
    target: TargetPolicy,
    size: int,
    limits: Limits,
    *,
    leaves: Notification | None,
    may_give_way: Iterable[Notification] = (),
) -> list[Notification]:
    """Return what has to give way for one more notification, or for one in place of `leaves`.

    As many as it takes, in the order of `may_give_way`. Bounded are the live notifications, their target
    policies and their bytes; `size` is in bytes, as `size_of` counts. Raises `QuotaExceeded` where all that
    may give way would not do.
    """
    max_live, max_bytes = limits.live_notifications_per_feed, limits.feed_bytes
    growth = size - (leaves.size if leaves is not None else 0)
    live = ledger.live + 1 - max_live if leaves is None else 0
    excess = ledger.size + growth - max_bytes if growth > 0 else 0
    going: list[Notification] = []
    if live > 0 or excess > 0:
        for row in may_give_way:
            if leaves is None or row.id != leaves.id:
                going.append(row)
                live, excess = live - 1, excess - row.size
            if live <= 0 and excess <= 0:
                break
    if live > 0:
        raise _live_exceeded(ledger, max_live)
    _check_targets(ledger, target, limits.target_policies_per_feed, leaves)
    if excess > 0:
        raise _size_exceeded(ledger, max_bytes)
    return going


def check_growth(ledger: Ledger, row: Notification, size: int, limits: Limits) -> None:
    """Raise `QuotaExceeded` (FEED_BYTES_EXCEEDED) unless a live row may become `size` bytes large."""
    growth = size - row.size
    if growth > 0 and ledger.size + growth > limits.feed_bytes:
        raise _size_exceeded(ledger, limits.feed_bytes)


def _live_exceeded(ledger: Ledger, limit: int) -> QuotaExceeded:
    return _exceeded(
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


def _size_exceeded(ledger: Ledger, limit: int) -> QuotaExceeded:
    return _exceeded(
        ledger,
        Reason.FEED_BYTES_EXCEEDED,
        f"the live notifications of the feed would take more than {limit} bytes, which is the limit; "
        "delete some, or wait until some expire",
        limit,
    )


def _exceeded(ledger: Ledger, reason: Reason, message: str, limit: int) -> QuotaExceeded:
    return QuotaExceeded(reason, message, subject=f"user:{ledger.feed.key.user_id}", limit=limit)
