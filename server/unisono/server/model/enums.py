"""The enums of the contract, with the numbers that `unisono.v1` gives them."""

from enum import IntEnum


class SenderRole(IntEnum):
    """Who created it."""

    PUBLISHER = 1
    USER = 2


class Priority(IntEnum):
    """A hint for push."""

    UNSPECIFIED = 0
    HIGH = 1
    LOW = 2


class ReadState(IntEnum):
    """Whether it was read."""

    UNREAD = 1
    READ = 2


class UserActionState(IntEnum):
    """What the user did with it."""

    NO_INTERACTION = 1
    ACTIVATED = 2
    DISMISSED = 3
    SNOOZED = 4


class ChangeType(IntEnum):
    """Why an event is sent."""

    CREATED = 1
    UPDATED = 2
    STATE_CHANGED = 3
    DELETED = 4
    EXPIRED = 5


class Platform(IntEnum):
    """The kind of device."""

    WINDOWS = 1
    IOS = 2
    ANDROID = 3
    WEB = 4
    MACOS = 5
    LINUX = 6
