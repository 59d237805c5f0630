"""The values of the domain: notifications, feeds, endpoints, their changes and limits."""

from unisono.server.model.change import Change
from unisono.server.model.endpoint import Endpoint
from unisono.server.model.enums import (
    BodyFormat,
    ChangeType,
    Platform,
    Priority,
    ReadState,
    SenderRole,
    UserActionState,
)
from unisono.server.model.feed import Counts, Feed, FeedKey
from unisono.server.model.limits import LARGEST_INTEGER, FullFeed, Limits
from unisono.server.model.notification import Notification
from unisono.server.model.target import EVERY_ENDPOINT, Audience, TargetPolicy

__all__ = [
    "EVERY_ENDPOINT",
    "LARGEST_INTEGER",
    "Audience",
    "BodyFormat",
    "Change",
    "ChangeType",
    "Counts",
    "Endpoint",
    "Feed",
    "FeedKey",
    "FullFeed",
    "Limits",
    "Notification",
    "Platform",
    "Priority",
    "ReadState",
    "SenderRole",
    "TargetPolicy",
    "UserActionState",
]
