"""What is tried, as the README has it, and what a command cannot do."""

import time
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Final

from google.rpc import code_pb2, error_details_pb2

from tests.interop.clients.commands.service import PHONE, Service, ends_with
from tests.interop.clients.expectations import check_reason, detail, expect
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
    expect(refused.error.code == code_pb2.INVALID_ARGUMENT, f"the code is {refused.error.code}")
    check_reason(refused.error.details, "INVALID_REQUEST")
    violations = detail(refused.error.details, error_details_pb2.BadRequest).field_violations
    expect([violation.field for violation in violations] == ["payload"], f"it names {violations}")


def page_by_page(service: Service) -> None:
    """List five in pages of two."""
    sent = [outcome.result.id for outcome in service.batch(*(service.new(f"{n}") for n in range(5)))]
    pages = [[row.id for row in page.notifications] for page in service.pages(2)]
    expect(list(chain(*pages)) == sent[::-1], "the list is not what was sent, newest first")
    expect([len(page) for page in pages] == [2, 2, 1], f"the pages are {pages}")


def live(service: Service) -> None:
    """Receive what is sent, and what is read."""
    with service.subscribe() as stream:
        stream.synced()
        sent = service.send("Hello")
        event = stream.event()
        expect(event.notification_id == sent.id and event.alert, f"the event is {event}")
        expect(event.change_type == feed_pb.CHANGE_TYPE_CREATED, f"the event is {event}")
        expect(event.notification.payload.visual_content.title == "Hello", "it has another title")
        expect(service.mark_read(sent.id).changed == 1, "the mark changed nothing")
        event = stream.event()
        expect(event.change_type == feed_pb.CHANGE_TYPE_STATE_CHANGED, f"the event is {event}")
        expect(event.notification.read_state == pb.READ_STATE_READ, "it is not read")
        expect(event.origin_endpoint_id == PHONE, "it does not say who read it")


def deadline(service: Service) -> None:
    """Let a stream run out of time."""
    with service.subscribe(timeout=0.3) as stream, ends_with(code_pb2.DEADLINE_EXCEEDED):
        stream.exhaust()
    service.feed()


def large(service: Service) -> None:
    """Send and list about as much as may be, and too much."""
    item = service_pb.SendNotificationRequest(
        user_id=service.user_id, payload=pb.Payload(raw_content=b"x" * RAW_BYTES)
    )
    stored = service.batch(*[item] * 127)
    expect(len(stored) == 127 and all(outcome.result.id for outcome in stored), "not all were stored")
    with ends_with(code_pb2.RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE"):
        service.batch(*[item] * 160)
    expect(service.feed().last_revision == 127, "what was refused left something")
    expect(len(next(service.pages(500)).notifications) > 25, "the page is short")


def keepalive(service: Service) -> None:
    """Hold a stream that is silent."""
    with service.subscribe() as stream:
        stream.synced()
        time.sleep(25)
        sent = service.send("Still there")
        expect(stream.event().notification_id == sent.id, "another event came")


def stranger(service: Service) -> None:
    """Call with a token that is none."""
    with ends_with(code_pb2.UNAUTHENTICATED, "TOKEN_INVALID"):
        service.feed("nonsense")
    service.feed()


CASES: Final[Mapping[str, Callable[[Service], None]]] = {
    "send": send,
    "batch": batch,
    "list": page_by_page,
    "live": live,
    "deadline": deadline,
    "large": large,
    "keepalive": keepalive,
    "stranger": stranger,
}

NOT_FOR_COMMANDS: Final[Mapping[str, str]] = {
    "cancel": "the command ends with its stream",
    "keepalive-10s": "the command has no connection without a stream",
    "drain": "the command ends with its stream",
    "goaway": "the command makes a connection for each call",
}
