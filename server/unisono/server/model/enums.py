"""The enums of `unisono.v1`, with its numbers, which stores save; UNSPECIFIED only where it is stored."""

from enum import IntEnum


class SenderRole(IntEnum):
    """Who created a notification: a backend of the app, or the user from a device of their own."""

    PUBLISHER = 1
    USER = 2


class Priority(IntEnum):
    """How urgently a push should wake a device. Does not change the order of events."""

    UNSPECIFIED = 0
    HIGH = 1
    LOW = 2


class BodyFormat(IntEnum):
    """How the body of a notification is meant. UNSPECIFIED is plain text."""

    UNSPECIFIED = 0
    MARKDOWN = 1


class ReadState(IntEnum):
    """Whether a notification was read, on any device."""

    UNREAD = 1
    READ = 2


class UserActionState(IntEnum):
    """What the user did with a notification. Independent of its read state; any transition is allowed."""

    NO_INTERACTION = 1
    ACTIVATED = 2
    DISMISSED = 3
    SNOOZED = 4


class ChangeType(IntEnum):
    """What kind of change an event reports."""

    CREATED = 1
    UPDATED = 2
    STATE_CHANGED = 3
    DELETED = 4
    EXPIRED = 5
    DISPLACED = 6


class Platform(IntEnum):
    """The kind of device that an endpoint is on."""

    WINDOWS = 1
    IOS = 2
    ANDROID = 3
    WEB = 4
    MACOS = 5
    LINUX = 6
