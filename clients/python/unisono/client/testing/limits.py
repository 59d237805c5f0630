"""How much the service takes. Knows no requests."""

from dataclasses import dataclass
from datetime import timedelta

#: Paths of a mask, and platforms of a target policy: more than a message has fields, and than there are.
MASK_PATHS = 32
TARGET_PLATFORMS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes in bytes. The defaults are the contract's; choose small ones to see what happens there."""

    id_bytes: int = 256
    title_bytes: int = 1024
    body_bytes: int = 8 * 1024
    raw_content_bytes: int = 32 * 1024
    request_bytes: int = 4 * 1024 * 1024
    batch_items: int = 1000
    mark_references: int = 500
    target_endpoints: int = 100
    page_items: int = 500
    page_default_items: int = 50
    page_bytes: int = 1024 * 1024
    endpoints_per_user: int = 100
    streams_per_user: int = 50
    live_notifications_per_feed: int = 10_000
    target_policies_per_feed: int = 256
    feed_bytes: int = 64 * 1024 * 1024
    deleted_endpoints_per_user: int = 1000
    expire_after_max: timedelta = timedelta(days=30)
    expire_after_default: timedelta = timedelta(days=7)
    heartbeat_min: timedelta = timedelta(seconds=5)
    heartbeat: timedelta = timedelta(seconds=30)
    heartbeat_max: timedelta = timedelta(seconds=300)
