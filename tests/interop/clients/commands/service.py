"""The service as a backend and a device call it by a command: a process for each call."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self, TypeVar

from google.protobuf import json_format
from google.protobuf.message import Message

from tests.interop.clients.commands.tools import Failure, Tool
from tests.interop.clients.expectations import CaseFailed, check_reason, expect
from tests.support.processes import TIMEOUT
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

PHONE: Final = "phone"
NOTIFICATIONS: Final = "unisono.v1.NotificationService/"
FEEDS: Final = "unisono.v1.FeedService/"

ResponseT = TypeVar("ResponseT", bound=Message)


class Service:
    """What the cases call."""

    def __init__(self, tool: Tool, address: str) -> None:
        self._tool: Final = tool
        self._address: Final = address
        self.user_id: Final = os.environ["USER_ID"]
        self.publisher: Final = os.environ["PUBLISHER_TOKEN"]
        self.user: Final = os.environ["USER_TOKEN"]

    def call(self, method: str, request: Message, response: ResponseT, token: str) -> ResponseT:
        """Make a call, and return its response. Raises Failure."""
        done = subprocess.run(
            self._tool.command(self._address, method, token, self.publisher, None),
            input=json_format.MessageToJson(request),
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        if done.returncode:
            raise Failure(self._tool.status(done.stderr))
        return json_format.Parse(done.stdout, response)

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

    def subscribe(self, timeout: float | None = None) -> "Stream":
        """Begin a stream."""
        command = self._tool.command(self._address, FEEDS + "Subscribe", self.user, self.publisher, timeout)
        return Stream(self._tool, command)


class Stream:
    """A process that writes what a device is sent. It is ended with the context."""

    def __init__(self, tool: Tool, command: list[str]) -> None:
        pipe = subprocess.PIPE
        self._tool: Final = tool
        self._process: Final = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        self._events: list[feed_pb.Event] = []
        request = feed_pb.SubscribeRequest(endpoint_id=PHONE, platform=pb.DEVICE_PLATFORM_LINUX)
        assert self._process.stdin is not None
        self._process.stdin.write(json_format.MessageToJson(request))
        self._process.stdin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()

    def synced(self) -> None:
        """Read until a message is complete."""
        expect(self.next().HasField("welcome"), "the first message is no Welcome")
        while not self.next().complete:
            pass

    def next(self) -> feed_pb.SubscribeResponse:
        """Return the next message: to a brace on a line of its own. Raises Failure at the end."""
        text = ""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            text += line
            if line == "}\n":
                return json_format.ParseDict(json.loads(text), feed_pb.SubscribeResponse())
        assert self._process.stderr is not None
        raise Failure(self._tool.status(self._process.stderr.read()))

    def event(self) -> feed_pb.Event:
        """Return the next event, whatever else comes before it."""
        while not self._events:
            self._events.extend(self.next().event_batch.events)
        return self._events.pop(0)

    def exhaust(self) -> None:
        """Read to the end."""
        while True:
            self.next()


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
