"""A notification as it is stored: its content, its state, and the revisions that positions compare with."""

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
"""A notification in one of these states neither rings nor counts as unread."""


@value(frozen=True, slots=True, kw_only=True)
class Notification:
    """One row of a feed: a live notification or its tombstone.

    Times are milliseconds since 1970; an empty string means "none". `payload` is the encoded proto `Payload`,
    which nothing here decodes. It is None on a tombstone, and on a row that was read without it; writing such
    a live row leaves the stored payload as it is. `removal` is None while the row is live. `alert_time` is
    the time of `alert_revision`, from which `display_time_to_live` (milliseconds) counts. `size` is what
    `size_of` returns while the row is live, then 0. `action_id` goes with ACTIVATED only. `changed_by` is who
    made its last change, as `model.changer` has it, empty where that is not known.
    """

    feed: FeedKey
    id: str
    app_notification_id: str = ""
    sender_role: SenderRole
    fingerprint: bytes
    group_name: str = ""
    category: str = ""
    payload: bytes | None
    priority: int = Priority.UNSPECIFIED
    target: TargetPolicy = EVERY_ENDPOINT
    display_time_to_live: int | None = None
    expire_time: int
    read_state: ReadState = ReadState.UNREAD
    user_action_state: UserActionState = UserActionState.NO_INTERACTION
    action_id: str = ""
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
    changed_by: str = ""

    @property
    def live(self) -> bool:
        """Whether the notification is in the feed; otherwise the row is its tombstone."""
        return self.removal is None

    @property
    def counts_as_unread(self) -> bool:
        """Whether the unread count includes it: live, unread, and neither dismissed nor snoozed."""
        unread = self.live and self.read_state is ReadState.UNREAD
        return unread and self.user_action_state not in QUIET

    @property
    def settled(self) -> bool:
        """Whether it may give way to a new one in a full feed: live, read or dismissed, and not snoozed."""
        read = self.read_state is ReadState.READ or self.user_action_state is UserActionState.DISMISSED
        return self.live and read and self.user_action_state is not UserActionState.SNOOZED

    @property
    def rings_until(self) -> int:
        """The time (ms since 1970) from which its last alert no longer rings; 0 while it is not unread."""
        if not self.counts_as_unread:
            return 0
        shown = self.display_time_to_live
        return self.expire_time if shown is None else min(self.expire_time, self.alert_time + shown)


def size_of(payload: bytes, target: TargetPolicy) -> int:
    """Return how many bytes a live notification adds to the size of its feed: payload and target policy.

    Both are counted as stores save them; the rest of a notification is small.
    """
    return len(payload) + len(target.key)
