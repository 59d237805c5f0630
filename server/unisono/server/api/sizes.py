"""How large the request of each method may be: what its fields take at their limits, and room.

A request beyond is refused before it is decoded, since decoding takes time that others wait for: 110 ms for a
million paths of a mask. Knows limits and how protobuf encodes, and no values.
"""

import math
from collections.abc import Callable
from typing import Final

from google.protobuf.message import Message

from unisono.server.errors import Reason, RequestTooLarge
from unisono.server.model import Limits
from unisono.server.model.limits import MASK_PATHS, TARGET_PLATFORMS
from unisono.v1 import notification_service_pb2 as pb

_KIBIBYTE: Final = 1024

#: What all requests may take that carry neither content nor references. They need far less.
SMALL: Final = 64 * _KIBIBYTE

#: The others are rounded up to a multiple of this.
_STEP: Final = 256 * _KIBIBYTE

#: Tag and length of a field, or tag and number: a negative number takes ten bytes.
_FIELD: Final = 12

#: A path of a mask: the longest name of a field that can be patched has 20 bytes.
_PATH: Final = 64

#: Fields of a content, with the messages around them, and twice for each time, which is two numbers.
_CONTENT_FIELDS: Final = 12


def request_size(kind: type[Message], limits: Limits) -> int:
    """The largest request of this type, in bytes. No request may have more than `request_bytes`."""
    if kind is pb.BatchSendNotificationsRequest:
        return limits.request_bytes
    fields = _FIELDS.get(kind)
    return min(SMALL if fields is None else _rounded(fields(limits)), limits.request_bytes)


def check_size(body: bytes, limit: int) -> None:
    """Raise RequestTooLarge for more than `limit` bytes."""
    if len(body) > limit:
        raise RequestTooLarge(
            Reason.REQUEST_TOO_LARGE,
            f"the request has {len(body)} bytes, at most {limit} are allowed",
            {"size": str(len(body)), "limit": str(limit)},
        )


def _rounded(size: int) -> int:
    """With room for half as much again, so that a field that is somewhat too long is refused by its name."""
    return math.ceil(size * 1.5 / _STEP) * _STEP


def _send(limits: Limits) -> int:
    names = 4 * (limits.id_bytes + _FIELD)
    return names + _content(limits) + _target_policy(limits)


def _update(limits: Limits) -> int:
    names = 4 * (limits.id_bytes + _FIELD)
    return names + _content(limits) + MASK_PATHS * (_PATH + _FIELD)


def _mark(limits: Limits) -> int:
    reference = limits.id_bytes + 2 * _FIELD
    return (2 + limits.mark_references) * reference


def _content(limits: Limits) -> int:
    payload = limits.title_bytes + limits.body_bytes + limits.raw_content_bytes
    return payload + _CONTENT_FIELDS * _FIELD


def _target_policy(limits: Limits) -> int:
    return limits.target_endpoints * (limits.id_bytes + _FIELD) + TARGET_PLATFORMS * _FIELD


_FIELDS: Final[dict[type[Message], Callable[[Limits], int]]] = {
    pb.SendNotificationRequest: _send,
    pb.UpdateNotificationRequest: _update,
    pb.MarkNotificationsRequest: _mark,
}
