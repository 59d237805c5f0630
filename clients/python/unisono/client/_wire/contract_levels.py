"""Which methods and fields of requests only newer servers know: an older one drops fields, and answers OK.

A server says by `GetServerInfo` up to which level it knows the contract; see `contract_level` in the proto.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

#: The level of servers that cannot say it: what all servers know.
OLDEST: Final = 0

#: The fields that are not of the oldest level, by full name, and the level of each.
LEVELS: Final[Mapping[str, int]] = {
    "unisono.v1.DeleteEndpointRequest.may_return": 1,
    "unisono.v1.ListNotificationsRequest.category": 1,
    "unisono.v1.ListNotificationsRequest.changed_after": 1,
    "unisono.v1.MarkNotificationsRequest.action_id": 1,
    "unisono.v1.MarkNotificationsRequest.snooze_for": 1,
    "unisono.v1.NotificationContent.category": 1,
    "unisono.v1.Payload.data": 1,
    "unisono.v1.SendNotificationRequest.category": 1,
    "unisono.v1.SendNotificationRequest.silent": 1,
    "unisono.v1.SubscribeRequest.ephemeral": 2,
    "unisono.v1.VisualContent.actions": 1,
    "unisono.v1.VisualContent.format": 1,
    "unisono.v1.VisualContent.icon_url": 1,
    "unisono.v1.VisualContent.image_url": 1,
    "unisono.v1.VisualContent.link": 1,
}

#: The methods that are not of the oldest level, by path, and the level of each.
METHOD_LEVELS: Final[Mapping[str, int]] = {
    "/unisono.v1.FeedService/DeleteFeed": 1,
    "/unisono.v1.NotificationService/DeleteNotifications": 1,
    "/unisono.v1.ServerService/GetServerInfo": 1,
}

#: The newest level: a server of this one, or of a newer one, knows all that this SDK can send.
NEWEST: Final = max(LEVELS.values())


def field_above(message: Message, level: int) -> str | None:
    """Return a set field of a request that servers of this level do not know, such as `VisualContent.link`.

    None where they know all. A field counts as set where an update mask names it, too.
    """
    for field, content in message.ListFields():
        name = field.full_name
        if LEVELS.get(name, OLDEST) > level:
            return _short(name)
        if field.message_type is not None:
            for nested in (content,) if isinstance(content, Message) else content:
                found = _nested_above(message, nested, level)
                if found is not None:
                    return found
    return None


def _nested_above(message: Message, nested: object, level: int) -> str | None:
    if isinstance(nested, FieldMask):
        masked = (name for name in _masked(message, nested) if LEVELS.get(name, OLDEST) > level)
        return next(map(_short, masked), None)
    return field_above(nested, level) if isinstance(nested, Message) else None  # a key of a map


def _masked(message: Message, mask: FieldMask) -> Iterator[str]:
    """Return the names of the fields that a mask names, of whichever message beside the mask has them."""
    kinds = (field.message_type for field in message.DESCRIPTOR.fields)
    names = (kind.full_name for kind in kinds if kind is not None)
    return (f"{name}.{path}" for name in names for path in mask.paths)


def _short(name: str) -> str:
    return name.removeprefix("unisono.v1.")
