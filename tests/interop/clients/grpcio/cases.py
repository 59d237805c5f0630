"""What is tried, as the README has it."""

import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import chain
from typing import Final

import grpc
from google.rpc import error_details_pb2

from tests.interop.clients.expectations import CaseFailed, check_reason, detail, expect
from tests.interop.clients.grpcio.service import (
    DEADLINE,
    PHONE,
    Service,
    Stream,
    bearer,
    ends_with,
    wait,
)
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

RAW_BYTES: Final = 32 * 1024


def send(service: Service) -> None:
    """Repeat a send."""
    first = service.send("Grüße, 世界", "parcel-1")
    expect(first.id and first.revision > 0 and not first.deduplicated, f"the first answer is {first}")
    again = service.send("Grüße, 世界", "parcel-1")
    expect(again.id == first.id and again.deduplicated, f"the second answer is {again}")


def batch(service: Service) -> None:
    """Send three, one of which is refused."""
    empty = service_pb.SendNotificationRequest(user_id=service.user_id)
    first, refused, last = service.batch(service.new("First"), empty, service.new("Last"))
    expect(first.result.id and last.result.id, "a good item was refused")
    expect(refused.error.code == grpc.StatusCode.INVALID_ARGUMENT.value[0], f"code {refused.error.code}")
    check_reason(refused.error.details, "INVALID_REQUEST")
    violations = detail(refused.error.details, error_details_pb2.BadRequest).field_violations
    expect([violation.field for violation in violations] == ["payload"], f"the fields are {violations}")


def page_by_page(service: Service) -> None:
    """List five in pages of two."""
    sent = [outcome.result.id for outcome in service.batch(*(service.new(f"{n}") for n in range(5)))]
    pages = [[row.id for row in page.notifications] for page in service.pages(2)]
    expect(list(chain(*pages)) == sent[::-1], "the list is not what was sent, newest first")
    expect([len(page) for page in pages] == [2, 2, 1], f"the pages are {pages}")


def live(service: Service) -> None:
    """Receive what is sent, and what is read."""
    stream = service.synced()
    sent = service.send("Hello")
    event = stream.event()
    expect(event.notification_id == sent.id and event.alert, f"the event is {event}")
    expect(event.change_type == feed_pb.CHANGE_TYPE_CREATED, f"the event is {event}")
    expect(event.notification.payload.visual_content.title == "Hello", "it has another title")
    marked: service_pb.MarkNotificationsResponse = service.act(
        service.notifications.MarkNotifications,
        service_pb.MarkNotificationsRequest(
            endpoint_id=PHONE,
            references=service_pb.NotificationRefs(refs=[pb.NotificationRef(id=sent.id)]),
            read_state=pb.READ_STATE_READ,
        ),
    )
    expect(marked.changed == 1, f"{marked.changed} changed")
    event = stream.event()
    expect(event.change_type == feed_pb.CHANGE_TYPE_STATE_CHANGED, f"the event is {event}")
    expect(event.notification.read_state == pb.READ_STATE_READ, "it is not read")
    expect(event.origin_endpoint_id == PHONE, "it does not say who read it")


def deadline(service: Service) -> None:
    """Let a stream run out of time."""
    stream = service.subscribe(timeout=0.3)
    with ends_with(grpc.StatusCode.DEADLINE_EXCEEDED):
        stream.exhaust()
    service.feed()


def cancel(service: Service) -> None:
    """Give up a stream."""
    stream = service.synced()
    stream.call.cancel()
    with ends_with(grpc.StatusCode.CANCELLED):
        stream.next()
    service.feed()


def large(service: Service) -> None:
    """Send and list about as much as may be, and too much."""
    item = service_pb.SendNotificationRequest(
        user_id=service.user_id, payload=pb.Payload(raw_content=b"x" * RAW_BYTES)
    )
    stored = service.batch(*[item] * 127)
    expect(len(stored) == 127 and all(outcome.result.id for outcome in stored), "not all were stored")
    with ends_with(grpc.StatusCode.RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE"):
        service.batch(*[item] * 160)
    expect(service.feed().last_revision == 127, "what was refused left something")
    expect(len(next(service.pages(500)).notifications) > 25, "the page is short")


def keepalive(service: Service) -> None:
    """Hold a stream that is silent."""
    _hold(service)


def keepalive_10s(service: Service) -> None:
    """Ping, with a stream and without."""
    _hold(service).call.cancel()
    wait(15)
    service.feed()


def _hold(service: Service) -> Stream:
    stream = service.synced()
    wait(25)
    sent = service.send("Still there")
    expect(stream.event().notification_id == sent.id, "another event came")
    return stream


def drain(service: Service) -> None:
    """Come back after a restart."""
    stream = service.synced()
    sent = service.send("Before")
    expect(stream.event().notification_id == sent.id, "another event came")
    say_ready()
    while not (message := stream.next()).HasField("goodbye"):
        pass
    expect(message.goodbye.reason == feed_pb.GOODBYE_REASON_DRAINING, f"the last message is {message}")
    with ends_with(grpc.StatusCode.UNAVAILABLE, "DRAINING"):
        stream.next()
    wait(message.goodbye.retry_delay.ToTimedelta().total_seconds())
    stream = _resumed(service, stream.resume_token)
    event = stream.event()
    title = event.notification.payload.visual_content.title
    expect(title == "After the restart", f"the event is {event}")


def _resumed(service: Service, resume_token: bytes) -> Stream:
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        stream = service.subscribe(resume_token)
        try:
            expect(stream.next().welcome.resumed, "the stream did not resume")
        except grpc.RpcError as error:
            expect(error.code() is grpc.StatusCode.UNAVAILABLE, f"{error.code().name}: {error.details()}")
            wait(0.05)
        else:
            return stream
    raise CaseFailed("the server does not come back")


def goaway(service: Service) -> None:
    """Send while the connection is taken away."""
    stream = service.synced()
    reading = threading.Thread(target=_exhaust, args=[stream], daemon=True)
    reading.start()
    say_ready()
    until = time.monotonic() + 5
    sent: dict[str, str] = {}
    last = False
    while not last:
        last = not reading.is_alive() and time.monotonic() >= until
        title = f"call-{len(sent)}"
        sent[title] = _sent(service, title)
    listed = [
        (row.payload.visual_content.title, row.id)
        for page in service.pages(500)
        for row in page.notifications
    ]
    expect(listed[::-1] == list(sent.items()), f"{len(sent)} were sent, {len(listed)} are listed")


def _exhaust(stream: Stream) -> None:
    with suppress(grpc.RpcError):
        stream.exhaust()


def _sent(service: Service, title: str) -> str:
    until = time.monotonic() + DEADLINE
    while True:
        try:
            return service.send(title, title).id
        except grpc.RpcError as error:
            expect(error.code() is grpc.StatusCode.UNAVAILABLE, f"{error.code().name}: {error.details()}")
            expect(time.monotonic() < until, f"the server does not come back: {error.details()}")
            wait(0.05)


def stranger(service: Service) -> None:
    """Call with a token that is none."""
    request = feed_pb.GetFeedRequest(user_id=service.user_id)
    with ends_with(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID"):
        service.feeds.GetFeed(request, timeout=DEADLINE, metadata=bearer("nonsense"))
    service.feed()


def say_ready() -> None:
    """Have the harness do its part."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()


CASES: Final[Mapping[str, Callable[[Service], None]]] = {
    "send": send,
    "batch": batch,
    "list": page_by_page,
    "live": live,
    "deadline": deadline,
    "cancel": cancel,
    "large": large,
    "keepalive": keepalive,
    "keepalive-10s": keepalive_10s,
    "drain": drain,
    "goaway": goaway,
    "stranger": stranger,
}
