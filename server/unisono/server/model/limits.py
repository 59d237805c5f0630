"""The limits of the service: how much it accepts, stores and returns."""

from dataclasses import dataclass
from enum import StrEnum

#: Revisions and times stay within this, so that every reader of JSON can hold them (RFC 8259, section 6).
LARGEST_INTEGER = 2**53 - 1

#: Paths of an update mask, and platforms of a target policy. Far fewer exist of both; but a client may name
#: one twice, and a newer client may know more.
MASK_PATHS = 32
TARGET_PLATFORMS = 32

#: Actions of a notification, and bytes of the id and of the label of each: more than a device can show.
ACTIONS = 4
ACTION_BYTES = 64

#: Entries of a payload's data, and bytes of the key of each.
DATA_ENTRIES = 32
DATA_KEY_BYTES = 128


class FullFeed(StrEnum):
    """What a send to a full feed does: settled notifications give way to it, or it is refused."""

    MAKE_ROOM = "make_room"
    REFUSE = "refuse"


#: The longest that a user may be barred, in milliseconds.
BAR_MAX = 30 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of the service. Sizes are in bytes, times in milliseconds, the rest are numbers of items.

    `config.limits` describes each, as a setting of the same name. The defaults are those named in the
    comments of the proto, as far as they are named there.
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
    full_feed: FullFeed = FullFeed.MAKE_ROOM
    deleted_endpoints_per_user: int = 1000
    barred_users_per_app: int = 100_000
    access_token_bytes: int = 16 * 1024
    calls_in_flight: int = 1000
    calls_per_second: int = 30_000
    subscribes_per_second: int = 50
    acknowledges_per_second: int = 1000
    stranger_calls_per_second: int = 100
    expire_after_max: int = 30 * 24 * 3600 * 1000
    expire_after_default: int = 7 * 24 * 3600 * 1000
