"""A notification as it is kept: its content, its state, and the revisions that positions need."""

from dataclasses import dataclass

from unisono.server.model.enums import (
    ChangeType,
    Priority,
    ReadState,
    SenderRole,
    UserActionState,
)
from unisono.server.model.feed import FeedKey
from unisono.server.model.target import EVERY_ENDPOINT, TargetPolicy

QUIET = frozenset((UserActionState.DISMISSED, UserActionState.SNOOZED))
"""What is in one of these states neither rings nor counts as unread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """`title` is None without visual content, `raw_content` is None when absent."""

    title: str | None = None
    body: str = ""
    raw_content: bytes | None = None

    @property
    def size(self) -> int:
        """Bytes on the wire, nearly."""
        text = len((self.title or "").encode()) + len(self.body.encode())
        return text + len(self.raw_content or b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One row of a feed. Times are milliseconds since 1970; an empty string means "none".

    `payload` is None on a tombstone, and on a row that was read without it; writing such a live row
    leaves the stored payload as it is. `removal` is None while it is live. `alert_time` is when
    `alert_revision` was made: the start of `display_time_to_live` (milliseconds).
    """

    feed: FeedKey
    id: str
    app_notification_id: str = ""
    sender_role: SenderRole
    fingerprint: bytes
    group_name: str = ""
    payload: Payload | None
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

    @property
    def live(self) -> bool:
        """Whether it is in the feed; otherwise this is its tombstone."""
        return self.removal is None

    @property
    def counts(self) -> bool:
        """Whether a badge counts it."""
        unread = self.live and self.read_state is ReadState.UNREAD
        return unread and self.user_action_state not in QUIET

    def rings_at(self, now: int) -> bool:
        """Whether its last alert is still worth a ring at the time `now`."""
        shown = self.display_time_to_live
        fresh = shown is None or now < self.alert_time + shown
        return self.counts and now < self.expire_time and fresh
