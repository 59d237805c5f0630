"""The largest size of each method's request: what its fields take at their limits, with some room.

A larger request is refused before it is decoded, since decoding delays others: a million paths of a mask take
110 ms.
"""

import math
from collections.abc import Callable
from typing import Final

from google.protobuf.message import Message

from unisono.server.errors import Reason, RequestTooLarge
from unisono.server.model import Limits
from unisono.server.model.limits import (
    ACTION_BYTES,
    ACTIONS,
    DATA_ENTRIES,
    MASK_PATHS,
    TARGET_PLATFORMS,
)
from unisono.v1 import notification_service_pb2 as pb

_KIBIBYTE: Final = 1024

#: The limit of all requests that carry neither content nor references, in bytes. They need far less.
SMALL: Final = 64 * _KIBIBYTE

#: The other limits are rounded up to a multiple of this, in bytes.
_STEP: Final = 256 * _KIBIBYTE

#: Bytes of the tag and length of a field, or of its tag and number: a negative number takes ten bytes.
_FIELD: Final = 12

#: Bytes of a path of a mask: the longest name of a field that can be patched has 20.
_PATH: Final = 64

#: Fields of a content, with the messages around them; each time counts twice, as it is two numbers.
_CONTENT_FIELDS: Final = 16

#: Links of a visual content, without those of its actions.
_LINKS: Final = 3


def request_size(kind: type[Message], limits: Limits) -> int:
    """Return how many bytes a request of type `kind` may have: never more than `limits.request_bytes`.

    A batch of sends may have just that, and requests without content and references at most `SMALL`.
    """
    if kind is pb.BatchSendNotificationsRequest:
        return limits.request_bytes
    fields = _FIELDS.get(kind)
    return min(SMALL if fields is None else _rounded(fields(limits)), limits.request_bytes)


def check_size(body: bytes, limit: int) -> None:
    """Raise RequestTooLarge when `body` has more than `limit` bytes."""
    if len(body) > limit:
        raise too_large(len(body), limit)


def too_large(size: int, limit: int) -> RequestTooLarge:
    """Return the error of a request of `size` bytes, which are more than `limit`."""
    return RequestTooLarge(
        Reason.REQUEST_TOO_LARGE,
        f"the request has {size} bytes, at most {limit} are allowed",
        {"size": str(size), "limit": str(limit)},
    )


def _rounded(size: int) -> int:
    """Add half as much again, so that a field that is somewhat too long gets an error with its name."""
    return math.ceil(size * 1.5 / _STEP) * _STEP


def _send(limits: Limits) -> int:
    names = 4 * (limits.id_bytes + _FIELD)
    return names + _content(limits) + _target_policy(limits)


def _update(limits: Limits) -> int:
    names = 4 * (limits.id_bytes + _FIELD)
    return names + _content(limits) + MASK_PATHS * (_PATH + _FIELD)


def _references(limits: Limits) -> int:
    reference = limits.id_bytes + 2 * _FIELD
    return (2 + limits.mark_references) * reference


def _content(limits: Limits) -> int:
    texts = limits.title_bytes + limits.body_bytes + _LINKS * limits.link_bytes
    action = 2 * ACTION_BYTES + limits.link_bytes + 4 * _FIELD
    data = limits.data_bytes + DATA_ENTRIES * 3 * _FIELD
    return texts + ACTIONS * action + limits.raw_content_bytes + data + _CONTENT_FIELDS * _FIELD


def _target_policy(limits: Limits) -> int:
    return limits.target_endpoints * (limits.id_bytes + _FIELD) + TARGET_PLATFORMS * _FIELD


_FIELDS: Final[dict[type[Message], Callable[[Limits], int]]] = {
    pb.SendNotificationRequest: _send,
    pb.UpdateNotificationRequest: _update,
    pb.MarkNotificationsRequest: _references,
    pb.DeleteNotificationsRequest: _references,
}
