"""The limits of the service in memory."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

#: How many paths an update mask, and platforms a target policy, may list: more than there are.
MASK_PATHS = 32
TARGET_PLATFORMS = 32

#: How many actions a notification may have, and how long the id and the label of each may be, in UTF-8.
ACTIONS = 4
ACTION_BYTES = 64

#: How many entries data may have, and how long the key of each may be, in UTF-8.
DATA_ENTRIES = 32
DATA_KEY_BYTES = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of the service in memory, all inclusive. The defaults are those of a server.

    Choose small ones to test what happens there: `InvalidRequest` for single requests (`TooLarge` for
    `request_bytes`), `QuotaExceeded` for what a user or a feed may have. At `endpoints_per_user` the
    endpoint unseen longest without a stream is removed first. Rates of calls are not limited.

    id_bytes: of ids, keys and names, in UTF-8; title_bytes, body_bytes, link_bytes: also in UTF-8.
    data_bytes: of keys and texts together.
    page_bytes: of notifications on one page, which has at least one.
    streams_per_user: endpoints with a stream; together with superseded streams, twice as many streams.
    feed_bytes: payloads and target policies of the live notifications of one feed.
    full_feed: whether the oldest of what was read or dismissed gives way to a new one, or that is refused.
    barred_users_per_app: users who are barred after their deletion at a time.
    deleted_endpoints_per_user: how many stay known as deleted, the latest.
    expire_after_default, heartbeat, page_default_items: for requests that ask for nothing.
    heartbeat_min, heartbeat_max: what the interval that a device asks for is clamped to.
    """

    id_bytes: int = 256
    title_bytes: int = 1024
    body_bytes: int = 8 * 1024
    raw_content_bytes: int = 32 * 1024
    link_bytes: int = 2 * 1024
    data_bytes: int = 4 * 1024
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
    full_feed: Literal["make_room", "refuse"] = "make_room"
    deleted_endpoints_per_user: int = 1000
    barred_users_per_app: int = 100_000
    expire_after_max: timedelta = timedelta(days=30)
    expire_after_default: timedelta = timedelta(days=7)
    heartbeat_min: timedelta = timedelta(seconds=5)
    heartbeat: timedelta = timedelta(seconds=30)
    heartbeat_max: timedelta = timedelta(seconds=300)
