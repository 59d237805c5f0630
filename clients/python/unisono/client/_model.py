"""What users of the SDK see: notifications, results, endpoints. Knows neither protobuf nor calls.

Times are aware datetimes in UTC. The numbers of the enums are those of the proto; a number that this
version does not know reads as UNSPECIFIED.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Self


class _OpenEnum(IntEnum):
    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return cls(0) if isinstance(value, int) else None

    def __str__(self) -> str:
        return self.name

    def __format__(self, spec: str) -> str:
        return format(self.name, spec)


class Platform(_OpenEnum):
    """The kind of device that an endpoint is on."""

    UNSPECIFIED = 0
    WINDOWS = 1
    IOS = 2
    ANDROID = 3
    WEB = 4
    MACOS = 5
    LINUX = 6


class Priority(_OpenEnum):
    """How urgently a push should wake a device."""

    UNSPECIFIED = 0
    HIGH = 1
    LOW = 2


class ReadState(_OpenEnum):
    """Whether a notification was read, on any device."""

    UNSPECIFIED = 0
    UNREAD = 1
    READ = 2


class UserActionState(_OpenEnum):
    """What the user did with a notification."""

    UNSPECIFIED = 0
    NO_INTERACTION = 1
    ACTIVATED = 2
    DISMISSED = 3
    SNOOZED = 4


class SenderRole(_OpenEnum):
    """Who created a notification: a backend of the app, or the user from an own device."""

    UNSPECIFIED = 0
    PUBLISHER = 1
    USER = 2


class ChangeType(_OpenEnum):
    """Why an event was sent. UNSPECIFIED: the device started anew, and the notification was not there."""

    UNSPECIFIED = 0
    CREATED = 1
    UPDATED = 2
    STATE_CHANGED = 3
    DELETED = 4
    EXPIRED = 5


class StartPosition(_OpenEnum):
    """Where a device starts that holds nothing yet: with all that is there, or with what comes."""

    UNSPECIFIED = 0
    BEGINNING = 1
    END = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A notification of a user's feed.

    `title`, `body` and `raw_content` are empty where the sender gave none. `platforms` and
    `endpoint_ids` say whom it is meant for; both empty: every endpoint.
    """

    id: str
    app_id: str
    user_id: str
    app_notification_id: str
    sender_role: SenderRole
    group_name: str
    title: str
    body: str
    raw_content: bytes
    priority: Priority
    platforms: tuple[Platform, ...]
    endpoint_ids: tuple[str, ...]
    display_time_to_live: timedelta | None
    expire_time: datetime
    read_state: ReadState
    user_action_state: UserActionState
    snooze_until: datetime | None
    create_time: datetime
    update_time: datetime
    revision: int
    alert_revision: int

    @property
    def counts_as_unread(self) -> bool:
        """Whether it counts for the badge: unread, and neither dismissed nor snoozed."""
        put_aside = self.user_action_state in (UserActionState.DISMISSED, UserActionState.SNOOZED)
        return self.read_state is ReadState.UNREAD and not put_aside


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """What a send stored, committed to the server's disk.

    `deduplicated`: an earlier send with the same key and content stored it, this one changed nothing;
    with `removed`, it has been deleted or has expired meanwhile, and stays gone.
    """

    id: str
    app_notification_id: str
    revision: int
    create_time: datetime
    expire_time: datetime
    deduplicated: bool
    removed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkResult:
    """What marking did: how many changed, how many were left alone, and the state after it.

    `skipped` have newer content than the marker had seen, or expire before the end of the snooze.
    `not_found` are the references (ids or keys) that name nothing live.
    """

    changed: int
    skipped: int
    last_revision: int
    unread_count: int
    not_found: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteResult:
    """The revision at which it was removed; `already_removed`: it was gone before this call."""

    revision: int
    already_removed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Where a feed is: its last revision (0 before the first), and the exact unread count."""

    last_revision: int
    unread_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One installation of the app on one device of the user."""

    endpoint_id: str
    platform: Platform
    display_name: str
    create_time: datetime
    last_seen_time: datetime
    acknowledged_revision: int
    connected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A change as a device sees it: the notification after it, and whether to ring for it now.

    `removed` alone decides what to do with it: drop it from what is shown, or insert or replace it by
    `notification.id`. A removed notification is as the device last held it. `ring` is decided: make
    the sound, once. `origin_endpoint_id` is the device that made the change, where one did.
    """

    notification: Notification
    revision: int
    removed: bool
    change_type: ChangeType
    origin_endpoint_id: str
    ring: bool
