"""The values that users of the SDK see: notifications, events, results, endpoints and their enums.

Times are aware datetimes in UTC. The numbers of the enums are those of the proto; a number that this
version does not know reads as UNSPECIFIED.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Self, TypeAlias


class _OpenEnum(IntEnum):
    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return cls(0) if isinstance(value, int) else None

    def __str__(self) -> str:
        return self.name

    def __format__(self, spec: str) -> str:
        return format(self.name, spec)


class Platform(_OpenEnum):
    """The kind of device that an endpoint is on.

    UNSPECIFIED is what a kind newer than this SDK reads as; no endpoint can be registered with it.
    """

    UNSPECIFIED = 0
    WINDOWS = 1
    IOS = 2
    ANDROID = 3
    WEB = 4
    MACOS = 5
    LINUX = 6


class Priority(_OpenEnum):
    """How urgently a push should wake a device; the order of the stream does not depend on it.

    UNSPECIFIED: the sender gave none. HIGH: wake the device. LOW: may wait until the device wakes by itself.
    """

    UNSPECIFIED = 0
    HIGH = 1
    LOW = 2


class BodyFormat(_OpenEnum):
    """How the body of a notification is meant, which says nothing about what is in it.

    UNSPECIFIED: plain text. MARKDOWN: a device that does not show Markdown shows it as it is.
    """

    UNSPECIFIED = 0
    MARKDOWN = 1


class ReadState(_OpenEnum):
    """Whether a notification was read, on any device. Every notification starts as UNREAD.

    UNSPECIFIED, in a filter or a new state, is the same as leaving it out.
    """

    UNSPECIFIED = 0
    UNREAD = 1
    READ = 2


class UserActionState(_OpenEnum):
    """The last thing that the user did with a notification. Any state may follow any other.

    NO_INTERACTION: nothing yet; every notification starts here. ACTIVATED: opened. DISMISSED: it stays in the
    history until it expires, is deleted or displaced. SNOOZED: put off; at `snooze_until` it comes back
    unread and rings. UNSPECIFIED, in a filter or a new state, is the same as leaving it out.
    """

    UNSPECIFIED = 0
    NO_INTERACTION = 1
    ACTIVATED = 2
    DISMISSED = 3
    SNOOZED = 4


class SenderRole(_OpenEnum):
    """Who created a notification: a backend of the app (PUBLISHER), or the user from an own device (USER).

    Only that role may change the content, and each role has its own `app_notification_id`s.
    """

    UNSPECIFIED = 0
    PUBLISHER = 1
    USER = 2


class ChangeType(_OpenEnum):
    """Why an event was sent, for presentation only: `Event.removed` decides what to do with it.

    CREATED: new to this device. UPDATED: its content changed. STATE_CHANGED: only its state did. DELETED: it
    was withdrawn. EXPIRED: its time was up. DISPLACED: read or dismissed, it gave way to a new one in a full
    feed. UNSPECIFIED: the device started anew, and what it held before was not there any more.
    """

    UNSPECIFIED = 0
    CREATED = 1
    UPDATED = 2
    STATE_CHANGED = 3
    DELETED = 4
    EXPIRED = 5
    DISPLACED = 6


class StartPosition(_OpenEnum):
    """Where a device starts that holds nothing yet.

    BEGINNING: with all that is in the feed, which does not ring. END: with what comes from now on.
    UNSPECIFIED is the same as BEGINNING.
    """

    UNSPECIFIED = 0
    BEGINNING = 1
    END = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that the person may do with a notification: a button with a label.

    `action_id` is the sender's own name for it, `label` what the button says, each 1 to 64 bytes. `link` is
    what it opens, empty for nothing.
    """

    action_id: str
    label: str
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A notification of a user's feed, as it is at `revision`.

    `app_notification_id` (the sender's own key), `group_name`, `category`, `title`, `body`, `link`,
    `icon_url`, `image_url`, `actions`, `raw_content` and `data` are empty where the sender gave none. `link`
    is what the person opens by activating it. What breaks the rule for links, as `javascript:` does, reads as
    empty, also in an action; so does a picture's URL that is not https. It is meant for every endpoint whose
    platform is in `platforms` or whose id is in `endpoint_ids`; where both are empty, for all.
    `display_time_to_live` is how long a device should show and ring it after an alert, None for as long as it
    lives; at `expire_time` it leaves feed and history. `action_id` is the action that the user chose, empty
    for none; the first one stays until the user action state is another. `snooze_until` is None unless it is
    snoozed and comes back by itself. `revision` is the feed's revision at its last change, `alert_revision`
    that at its last change that rings (0: none has), made at `alert_time`; of one that was sent silently that
    is when it was sent.
    """

    id: str
    app_id: str
    user_id: str
    app_notification_id: str
    sender_role: SenderRole
    group_name: str
    category: str
    title: str
    body: str
    link: str
    icon_url: str
    image_url: str
    actions: tuple[Action, ...]
    format: BodyFormat
    raw_content: bytes
    data: Mapping[str, str] = field(hash=False)
    priority: Priority
    platforms: tuple[Platform, ...]
    endpoint_ids: tuple[str, ...]
    display_time_to_live: timedelta | None
    expire_time: datetime
    read_state: ReadState
    user_action_state: UserActionState
    action_id: str
    snooze_until: datetime | None
    create_time: datetime
    update_time: datetime
    revision: int
    alert_revision: int
    alert_time: datetime

    @property
    def counts_as_unread(self) -> bool:
        """Whether a badge counts it: it is unread, and neither dismissed nor snoozed."""
        put_aside = self.user_action_state in (UserActionState.DISMISSED, UserActionState.SNOOZED)
        return self.read_state is ReadState.UNREAD and not put_aside


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedNotification:
    """A notification that is not in the feed any more, as `Publisher.changes` names it.

    `app_notification_id` is the sender's own key, empty where there was none; each `sender_role` has its own.
    `revision` is the feed's at the removal, `change_type` says why: DELETED, EXPIRED, DISPLACED, or
    UNSPECIFIED for a reason that is newer than this SDK.
    """

    id: str
    app_notification_id: str
    sender_role: SenderRole
    revision: int
    remove_time: datetime
    change_type: ChangeType


Change: TypeAlias = Notification | RemovedNotification
"""What has become of a notification: it is there, as it is now, or it is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Where a feed is: the revision of its last change (0 before the first), and its unread count.

    `unread_count` is exact, and of the whole feed: a device's own count leaves out what is not meant for it.
    """

    last_revision: int
    unread_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One installation of an app on one device of a user.

    `display_name` is empty where the device gave none. `last_seen_time` is when it last had a stream,
    registered, acknowledged or changed something; unseen for 60 days, it is removed. `acknowledged_revision`
    is the feed's revision up to which the device has everything. Both may lag by seconds. `connected`: a
    stream is open. `ephemeral`: it is removed five minutes after its last stream.
    """

    endpoint_id: str
    platform: Platform
    display_name: str
    create_time: datetime
    last_seen_time: datetime
    acknowledged_revision: int
    connected: bool
    ephemeral: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A change as a device sees it: the notification after the change, and whether to ring for it now.

    `removed` alone decides what to do: drop the notification from what is shown, or insert or replace it by
    `notification.id`. A removed notification is as the device last held it. `ring` is decided already: make
    the sound, once. `revision` is the feed's at the change. `origin_endpoint_id` is the endpoint that made
    the change, empty where it was not one change by one device.
    """

    notification: Notification
    revision: int
    removed: bool
    change_type: ChangeType
    origin_endpoint_id: str
    ring: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the history, newest first by creation. It may be short, or empty, and not the last.

    `next_page_token` leads to the next one, with the same filters; only on the last page it is empty.
    """

    notifications: tuple[Notification, ...]
    next_page_token: str
