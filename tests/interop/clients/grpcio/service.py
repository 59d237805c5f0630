"""The service as a backend and a device call it: stubs on one channel, tokens, deadlines, errors."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol, TypeVar

import grpc
from google.protobuf.message import Message
from google.rpc import status_pb2

from tests.interop.clients.expectations import CaseFailed, check_reason, expect
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import feed_service_pb2_grpc as feed_grpc
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb
from unisono.v1 import notification_service_pb2_grpc as service_grpc

DEADLINE: Final = 30.0
PHONE: Final = "phone"

ResponseT = TypeVar("ResponseT", bound=Message)

_PING: Final = (
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
)


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    """Return the metadata with a token."""
    return (("authorization", f"Bearer {token}"),)


def titled(title: str) -> pb.Payload:
    """Return a payload that shows a title."""
    return pb.Payload(visual_content=pb.VisualContent(title=title))


class Service:
    """What the cases call."""

    def __init__(self, address: str, *, ping: bool = False) -> None:
        self.channel: Final = grpc.insecure_channel(address, _PING if ping else ())
        self.notifications: Final = service_grpc.NotificationServiceStub(self.channel)
        self.feeds: Final = feed_grpc.FeedServiceStub(self.channel)
        self.user_id: Final = os.environ["USER_ID"]
        self._publisher: Final = bearer(os.environ["PUBLISHER_TOKEN"])
        self._user: Final = bearer(os.environ["USER_TOKEN"])

    def publish(self, call: Callable[..., ResponseT], request: Message) -> ResponseT:
        """Make a call as the publisher."""
        return call(request, timeout=DEADLINE, metadata=self._publisher)

    def act(self, call: Callable[..., ResponseT], request: Message) -> ResponseT:
        """Make a call as the user's device."""
        return call(request, timeout=DEADLINE, metadata=self._user)

    def new(self, title: str, key: str = "") -> service_pb.SendNotificationRequest:
        """Return what is to be sent."""
        return service_pb.SendNotificationRequest(
            user_id=self.user_id, app_notification_id=key, payload=titled(title)
        )

    def send(self, title: str, key: str = "") -> service_pb.SendResult:
        """Send a notification."""
        response: service_pb.SendNotificationResponse = self.publish(
            self.notifications.SendNotification, self.new(title, key)
        )
        return response.result

    def batch(self, *items: service_pb.SendNotificationRequest) -> list[service_pb.BatchSendResult]:
        """Send many."""
        request = service_pb.BatchSendNotificationsRequest(requests=items)
        response: service_pb.BatchSendNotificationsResponse = self.publish(
            self.notifications.BatchSendNotifications, request
        )
        return list(response.results)

    def pages(self, page_size: int) -> Iterator[service_pb.ListNotificationsResponse]:
        """Yield the pages of the user's feed."""
        request = service_pb.ListNotificationsRequest(user_id=self.user_id, page_size=page_size)
        while True:
            page: service_pb.ListNotificationsResponse = self.publish(
                self.notifications.ListNotifications, request
            )
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def feed(self) -> feed_pb.GetFeedResponse:
        """Return the feed's last revision."""
        return self.publish(self.feeds.GetFeed, feed_pb.GetFeedRequest(user_id=self.user_id))

    def subscribe(self, resume_token: bytes = b"", *, timeout: float | None = None) -> "Stream":
        """Begin a stream."""
        request = feed_pb.SubscribeRequest(endpoint_id=PHONE, platform=pb.DEVICE_PLATFORM_LINUX)
        if resume_token:
            request.resume_token = resume_token
        return Stream(self.feeds.Subscribe(request, timeout=timeout, metadata=self._user))

    def synced(self) -> "Stream":
        """Begin a stream, and read until a message is complete."""
        stream = self.subscribe()
        expect(stream.next().HasField("welcome"), "the first message is no Welcome")
        while not stream.next().complete:
            pass
        return stream


class Responses(Protocol):
    """A call that has many responses."""

    def __iter__(self) -> Iterator[feed_pb.SubscribeResponse]:
        """Yield the responses."""

    def cancel(self) -> bool:
        """Give the call up."""


class Stream:
    """A stream of a device. `resume_token` is that of the last message."""

    def __init__(self, call: "Responses") -> None:
        self.call: Final = call
        self.resume_token = b""
        self._events: list[feed_pb.Event] = []

    def next(self) -> feed_pb.SubscribeResponse:
        """Return the next message. Raises grpc.RpcError, or CaseFailed when the stream ends with OK."""
        for message in self.call:
            self.resume_token = message.resume_token
            return message
        raise CaseFailed("the stream ended with OK")

    def event(self) -> feed_pb.Event:
        """Return the next event, whatever else comes before it."""
        while not self._events:
            self._events.extend(self.next().event_batch.events)
        return self._events.pop(0)

    def exhaust(self) -> None:
        """Read to the end."""
        for _ in self.call:
            pass


@contextmanager
def ends_with(code: grpc.StatusCode, reason: str = "") -> Iterator[None]:
    """Expect a call to end with this code and this reason."""
    try:
        yield
    except grpc.RpcError as error:
        expect(error.code() is code, f"{error.code().name} instead of {code.name}: {error.details()}")
        if reason:
            check_reason(status_of(error).details, reason)
    else:
        raise CaseFailed(f"the call did not end with {code.name}")


def status_of(error: grpc.RpcError) -> status_pb2.Status:
    """Return the status with its details, which are in a trailer."""
    for trailer in error.trailing_metadata() or ():
        if trailer.key == "grpc-status-details-bin" and isinstance(trailer.value, bytes):
            return status_pb2.Status.FromString(trailer.value)
    raise CaseFailed("the status has no details")


def wait(seconds: float) -> None:
    """Do nothing for as long as the case says."""
    time.sleep(seconds)
