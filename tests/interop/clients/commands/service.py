"""The service as a backend and a device call it by what knows protobuf's JSON, and has no stubs."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self, TypeVar

from google.protobuf.message import Message

from tests.interop.clients.commands.tools import Failure
from tests.interop.clients.expectations import CaseFailed, check_reason, expect
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

PHONE: Final = "phone"
NOTIFICATIONS: Final = "unisono.v1.NotificationService/"
FEEDS: Final = "unisono.v1.FeedService/"

ResponseT = TypeVar("ResponseT", bound=Message)


class Service(ABC):
    """What the cases call."""

    def __init__(self) -> None:
        self.user_id: Final = os.environ["USER_ID"]
        self.publisher: Final = os.environ["PUBLISHER_TOKEN"]
        self.user: Final = os.environ["USER_TOKEN"]

    @abstractmethod
    def call(self, method: str, request: Message, response: ResponseT, token: str) -> ResponseT:
        """Make a call, and return its response. Raises Failure."""

    @abstractmethod
    def subscribe(self, timeout: float | None = None) -> "Stream":
        """Begin a stream."""

    def new(self, title: str, key: str = "") -> service_pb.SendNotificationRequest:
        """Return what is to be sent."""
        payload = pb.Payload(visual_content=pb.VisualContent(title=title))
        return service_pb.SendNotificationRequest(
            user_id=self.user_id, app_notification_id=key, payload=payload
        )

    def send(self, title: str, key: str = "") -> service_pb.SendResult:
        """Send a notification."""
        response = service_pb.SendNotificationResponse()
        method = NOTIFICATIONS + "SendNotification"
        return self.call(method, self.new(title, key), response, self.publisher).result

    def batch(self, *items: service_pb.SendNotificationRequest) -> list[service_pb.BatchSendResult]:
        """Send many."""
        request = service_pb.BatchSendNotificationsRequest(requests=items)
        response = service_pb.BatchSendNotificationsResponse()
        method = NOTIFICATIONS + "BatchSendNotifications"
        return list(self.call(method, request, response, self.publisher).results)

    def pages(self, page_size: int) -> Iterator[service_pb.ListNotificationsResponse]:
        """Yield the pages of the user's feed."""
        request = service_pb.ListNotificationsRequest(user_id=self.user_id, page_size=page_size)
        while True:
            response = service_pb.ListNotificationsResponse()
            page = self.call(NOTIFICATIONS + "ListNotifications", request, response, self.publisher)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def mark_read(self, id_: str) -> service_pb.MarkNotificationsResponse:
        """Read a notification on the device."""
        request = service_pb.MarkNotificationsRequest(
            endpoint_id=PHONE,
            references=service_pb.NotificationRefs(refs=[pb.NotificationRef(id=id_)]),
            read_state=pb.READ_STATE_READ,
        )
        response = service_pb.MarkNotificationsResponse()
        return self.call(NOTIFICATIONS + "MarkNotifications", request, response, self.user)

    def feed(self, token: str = "") -> feed_pb.GetFeedResponse:
        """Return the feed's last revision."""
        request = feed_pb.GetFeedRequest(user_id=self.user_id)
        return self.call(FEEDS + "GetFeed", request, feed_pb.GetFeedResponse(), token or self.publisher)


class Stream(ABC):
    """What a device is sent. It is ended with the context."""

    def __init__(self) -> None:
        self._events: list[feed_pb.Event] = []

    @abstractmethod
    def next(self) -> feed_pb.SubscribeResponse:
        """Return the next message. Raises Failure at the end."""

    @abstractmethod
    def close(self) -> None:
        """Give the stream up."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def synced(self) -> None:
        """Read until a message is complete."""
        expect(self.next().HasField("welcome"), "the first message is no Welcome")
        while not self.next().complete:
            pass

    def event(self) -> feed_pb.Event:
        """Return the next event, whatever else comes before it."""
        while not self._events:
            self._events.extend(self.next().event_batch.events)
        return self._events.pop(0)

    def exhaust(self) -> None:
        """Read to the end."""
        while True:
            self.next()


def request_of_stream() -> feed_pb.SubscribeRequest:
    """Return the request of a device."""
    return feed_pb.SubscribeRequest(endpoint_id=PHONE, platform=pb.DEVICE_PLATFORM_LINUX)


@contextmanager
def ends_with(code: int, reason: str = "") -> Iterator[None]:
    """Expect a call to end with this code and this reason."""
    try:
        yield
    except Failure as failure:
        expect(failure.status.code == code, str(failure))
        if reason:
            check_reason(failure.status.details, reason)
    else:
        raise CaseFailed("the call did not fail")
