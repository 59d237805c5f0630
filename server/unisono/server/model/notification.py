"""A notification as it is kept: its content, its state, and the revisions that positions need."""

from unisono.server.model.enums import (
    ChangeType,
    Priority,
    ReadState,
    SenderRole,
    UserActionState,
)
from unisono.server.model.feed import FeedKey
from unisono.server.model.target import EVERY_ENDPOINT, TargetPolicy
from unisono.server.model.value import value

QUIET = frozenset((UserActionState.DISMISSED, UserActionState.SNOOZED))
"""What is in one of these states neither rings nor counts as unread."""


@value(frozen=True, slots=True, kw_only=True)
class Notification:
    """One row of a feed. Times are milliseconds since 1970; an empty string means "none".

    `payload` is what a sender wrote, encoded, which is nobody's business here. It is None on a tombstone,
    and on a row that was read without it; writing such a live row leaves the stored payload as it is.
    `removal` is None while it is live. `alert_time` is when `alert_revision` was made: the start of
    `display_time_to_live` (milliseconds). `size` is what `size_of` says while it is live, then 0.
    """

    feed: FeedKey
    id: str
    app_notification_id: str = ""
    sender_role: SenderRole
    fingerprint: bytes
    group_name: str = ""
    payload: bytes | None
    priority: int = Priority.UNSPECIFIED
    target: TargetPolicy = EVERY_ENDPOINT
    display_time_to_live: int | None = None
    expire_time: int
    read_state: ReadState = ReadState.UNREAD
    user_action_state: UserActionState = UserActionState.NO_INTERACTION
    snooze_until: int | None = None
    create_time: int
    update_time: int
    alert_time: int
    revision: int
    create_revision: int
    content_revision: int
    alert_revision: int
    removal: ChangeType | None = None
    size: int = 0

    @property
    def live(self) -> bool:
        """Whether it is in the feed; otherwise this is its tombstone."""
        return self.removal is None

    @property
    def counts_as_unread(self) -> bool:
        """Whether a badge counts it."""
        unread = self.live and self.read_state is ReadState.UNREAD
        return unread and self.user_action_state not in QUIET

    @property
    def rings_until(self) -> int:
        """From when on its last alert is no longer worth a ring; 0 when it is not worth one at all."""
        if not self.counts_as_unread:
            return 0
        shown = self.display_time_to_live
        return self.expire_time if shown is None else min(self.expire_time, self.alert_time + shown)


def size_of(payload: bytes, target: TargetPolicy) -> int:
    """How many bytes of its feed's share it takes: of what may be large in it, as stores keep it."""
    return len(payload) + len(target.key)
