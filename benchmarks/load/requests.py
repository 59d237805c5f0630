"""The requests of calls, encoded before anything is measured."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import count, cycle
from typing import Final, NamedTuple

from tests.support import tokens
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as notification_pb
from unisono.v1 import notification_service_pb2 as pb

ECHO: Final = "/floor.Floor/Echo"
TELL: Final = "/floor.Floor/Tell"
LISTEN: Final = "/floor.Floor/Listen"
SEND: Final = "/unisono.v1.NotificationService/SendNotification"
SEND_BATCH: Final = "/unisono.v1.NotificationService/BatchSendNotifications"
MARK: Final = "/unisono.v1.NotificationService/MarkNotifications"
LIST: Final = "/unisono.v1.NotificationService/ListNotifications"
SUBSCRIBE: Final = "/unisono.v1.FeedService/Subscribe"

#: The content of a notification: 200 bytes.
TITLE: Final = "Your parcel is on its way"
BODY: Final = "It left the depot this morning. ".ljust(175, ".")

#: How many notifications a page has.
_PAGE: Final = 50

_SIZE: Final = struct.Struct(">I")
_numbers: Final = count()


class Request(NamedTuple):
    """The request of one call: its path, its access token, and the encoded message."""

    path: str
    token: str
    body: bytes


@lru_cache
def publisher() -> str:
    """Return the access token of the app's publisher."""
    return tokens.publisher()


def notification(user_id: str) -> pb.SendNotificationRequest:
    """Make a notification to a user as the SDK sends it, with a new idempotency key."""
    visual = notification_pb.VisualContent(title=TITLE, body=BODY)
    return pb.SendNotificationRequest(
        user_id=user_id,
        app_notification_id=f"benchmark-{next(_numbers):020}",
        payload=notification_pb.Payload(visual_content=visual),
    )


def sends(users: Sequence[str], amount: int) -> Iterator[Request]:
    """Yield `amount` sends of one notification each, to the users in turn."""
    for number in range(amount):
        body = notification(users[number % len(users)]).SerializeToString()
        yield Request(SEND, publisher(), body)


def key(send: Request) -> str:
    """Return the key of the notification in a send; its event has the same one."""
    return pb.SendNotificationRequest.FromString(send.body).app_notification_id


def batches(users: Sequence[str], amount: int, size: int, *, burst: int = 1) -> Iterator[Request]:
    """Yield `amount` batches of `size`, to the users in turn, with `burst` notifications in a row to each."""
    position = 0
    for _ in range(amount):
        items = [notification(users[(position + i) // burst % len(users)]) for i in range(size)]
        position += size
        yield Request(
            SEND_BATCH, publisher(), pb.BatchSendNotificationsRequest(requests=items).SerializeToString()
        )


def marks(notifications: Sequence[tuple[str, str]]) -> Iterator[Request]:
    """Yield calls that mark each notification read, one by one, then each unread, and so on without end.

    Notifications are given as pairs of user id and notification id.
    """
    for state in cycle((notification_pb.READ_STATE_READ, notification_pb.READ_STATE_UNREAD)):
        for user_id, notification_id in notifications:
            refs = pb.NotificationRefs(refs=[notification_pb.NotificationRef(id=notification_id)])
            mark = pb.MarkNotificationsRequest(user_id=user_id, references=refs, read_state=state)
            yield Request(MARK, publisher(), mark.SerializeToString())


def pages(users: Iterable[str]) -> Iterator[Request]:
    """Yield requests for the first page of the history of each user."""
    for user_id in users:
        wanted = pb.ListNotificationsRequest(user_id=user_id, page_size=_PAGE)
        yield Request(LIST, publisher(), wanted.SerializeToString())


def echoes(request: Request, answer: int, amount: int) -> Iterator[Request]:
    """Yield `amount` calls of the empty server with the token and the size of `request`.

    Each is answered with `answer` bytes.
    """
    body = padded(answer, len(request.body))
    return (Request(ECHO, request.token, body) for _ in range(amount))


def padded(answer: int, size: int) -> bytes:
    """Encode a request of the empty server, of `size` bytes, to be answered with `answer` bytes."""
    return _SIZE.pack(answer).ljust(size, b"\x00")


def subscription(token: str, endpoint_id: str, resume_token: bytes = b"") -> Request:
    """Make a `Subscribe` request, from the resume token, or without one from the beginning of the feed."""
    request = feed_pb.SubscribeRequest(
        endpoint_id=endpoint_id, platform=notification_pb.DEVICE_PLATFORM_LINUX
    )
    if resume_token:
        request.resume_token = resume_token
    return Request(SUBSCRIBE, token, request.SerializeToString())


@lru_cache(maxsize=20_000)
def device(user_id: str) -> str:
    """Return the access token of a user's devices."""
    return tokens.device(user_id)


def renewed(user_id: str) -> str:
    """Return a new access token of a user, which no server has in its cache."""
    return tokens.device(user_id, jti=f"{next(_numbers)}")
