"""One table: each way in which a stream can fail or lie. That of all else is in `test_faults_of_the_rest`.

What a row says happens is all that happens: a device that is not closed is live again by itself.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Final, cast

import grpc
import pytest

from tests.sdk.backoffs import QUICK
from tests.sdk.device_script import (
    END,
    LIVE,
    Message,
    created,
    goodbye,
    heartbeat,
    laptop,
    live,
    scripted_streams,
    until,
    welcome,
)
from tests.sdk.faults import TIMING, Offline, get, incomplete
from tests.support.http2.pages import pages
from tests.support.processes import TIMEOUT
from tests.support.stub_server import Fault, StubServer, scripted
from unisono.client import (
    InternalError,
    InvalidRequest,
    Notification,
    PermissionDenied,
    Publisher,
    ResumeTokenInvalid,
    ServerTooOld,
    Status,
    Timing,
    Unauthenticated,
    Unavailable,
    UnisonoError,
    _convert,
)
from unisono.client._device import catch_up_limit, stream
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2 as notification_pb
from unisono.v1 import notification_service_pb2 as service_pb

Code = grpc.StatusCode


class Garbage:
    """What is sent as a message, and is none."""

    complete = False

    def SerializeToString(self) -> bytes:  # noqa: N802  as messages have it
        return b"\xff" * 8


GARBAGE: Final = cast("Message", Garbage())


def answered(code: grpc.StatusCode, text: str = "") -> Fault:
    return Fault(code, message=text)


NEVER: Final = "never begins"

#: What a stream does, and what comes of it.
STREAMS: Final[dict[str, tuple[list[Message | Exception], Offline]]] = {
    # It fails
    "is cut": ([*LIVE, answered(Code.UNAVAILABLE)], Offline(Unavailable)),
    "ends without a word": ([*LIVE, END], Offline(Unavailable, "without a word")),
    "ends at once": ([END], Offline(Unavailable, "without a word")),
    "breaks under TLS": ([answered(Code.UNKNOWN, "Stream removed (TSI)")], Offline(Unavailable, "between")),
    "breaks in a proxy": ([*LIVE, answered(Code.INTERNAL)], Offline(InternalError)),
    "lasts longer than a proxy lets it": ([*LIVE, answered(Code.DEADLINE_EXCEEDED)], Offline(UnisonoError)),
    "meets a proxy that answers itself": ([answered(Code.UNIMPLEMENTED)], Offline(ServerTooOld)),
    "meets a proxy that checks tokens": ([answered(Code.UNAUTHENTICATED)], Offline(Unauthenticated)),
    "meets a server without the app": (
        [Fault(Code.PERMISSION_DENIED, "APP_UNKNOWN")],
        Offline(PermissionDenied),
    ),
    "meets a server that dislikes the request": (
        [Fault(Code.INVALID_ARGUMENT, "INVALID_REQUEST")],
        Offline(InvalidRequest),
    ),
    "meets a server that forgot the position": (
        [Fault(Code.INVALID_ARGUMENT, "RESUME_TOKEN_INVALID")],
        Offline(ResumeTokenInvalid),
    ),
    "is sent away": ([*LIVE, goodbye(pb.GOODBYE_REASON_DRAINING, 0.0)], Offline(Unavailable, "DRAINING")),
    "is sent away for a reason of the future": ([*LIVE, goodbye(99), END], Offline(UnisonoError, "99")),
    # It lies
    NEVER: ([], Offline(Unavailable, "silent")),
    "falls silent": ([welcome(heartbeat=0.1)], Offline(Unavailable, "silent")),
    "promises heartbeats without a pause": ([welcome(heartbeat=0.0)], Offline(Unavailable, "silent")),
    "says goodbye and stays": ([*LIVE, goodbye(99, 0.0)], Offline(Unavailable, "99")),
    "sends what is no message": ([*LIVE, GARBAGE], Offline(Unavailable)),
    "never comes to an end, with nothing": (
        [welcome(), *(incomplete(heartbeat(n)) for n in range(20))],
        Offline(Unavailable, "no end of what the device missed"),
    ),
    "never comes to an end, with always the same": (
        [welcome(), *(incomplete(created(1)) for _ in range(60))],
        Offline(Unavailable, "no end of what the device missed"),
    ),
}


@pytest.fixture(autouse=True)
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LEAVING", 0.05)
    monkeypatch.setattr(catch_up_limit, "MAX_EMPTY", 10)
    monkeypatch.setattr(catch_up_limit, "MAX_MESSAGES", 100)


@pytest.mark.parametrize("it", STREAMS)
async def test_streams(script: StubServer, it: str) -> None:
    said, offline = STREAMS[it]
    script.stream("Subscribe", scripted_streams(said, said, [welcome(), created(7)]))

    # Only where nothing comes: elsewhere a busy machine may take as long to answer.
    timing = replace(TIMING, open_timeout=0.3) if it == NEVER else TIMING
    async with laptop(script.target, timing=timing) as device:
        await until(device, lambda device: device.status is Status.OFFLINE and device.error)
        assert isinstance(device.error, offline.kind)
        assert offline.words in str(device.error)
        await until(device, lambda device: device.revision == 7)
        assert [row.id for row in device.notifications] == ["id-7"]
        await until(device, lambda device: device.status is Status.LIVE and not device.error)


async def test_a_message_that_a_device_stumbles_over(
    script: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the fault is: it comes back to where it was complete, and is whole then."""
    stumbled: list[str] = []
    real = _convert.notification

    def stumbling(row: notification_pb.Notification) -> Notification:
        if row.id == "id-2" and len(stumbled) < 2:
            stumbled.append(row.id)
            raise OverflowError("a date that no calendar has")
        return real(row)

    monkeypatch.setattr(_convert, "notification", stumbling)
    more = [welcome(resumed=True), created(2)]
    script.stream("Subscribe", scripted_streams([*LIVE, created(1), created(2)], more, more))
    async with laptop(script.target, timing=TIMING) as device:
        await until(device, lambda device: device.status is Status.OFFLINE and device.error)
        assert isinstance(device.error, Unavailable)
        assert "a date that no calendar has" in str(device.error)
        await until(device, lambda device: device.revision == 2)
        assert {row.id for row in device.notifications} == {"id-1", "id-2"}
    tokens = [request.resume_token for request in script.requests("Subscribe")]
    assert tokens == [b"", b"token-1", b"token-1"]


async def test_a_payload_that_something_underway_does_not_find_is_asked_for_again(script: StubServer) -> None:
    """Only the service knows that it is gone."""
    faults = [Fault(Code.NOT_FOUND)] * 50

    async def get(_: object) -> service_pb.GetNotificationResponse:
        if faults:
            raise faults.pop()
        row = created(1).event_batch.events[0].notification
        return service_pb.GetNotificationResponse(notification=row)

    bare = created(1)
    bare.event_batch.events[0].notification.ClearField("payload")
    script.answer("GetNotification", get)
    script.stream("Subscribe", scripted_streams([welcome(), bare], [welcome(), bare]))
    timing = Timing(backoff=QUICK, refusal_backoff=QUICK, call_timeout=0.1)
    async with laptop(script.target, timing=timing) as device:
        await until(device, lambda device: device.revision == 1)
        assert [row.title for row in device.notifications] == ["title 1"]


#: What a call meets before it is answered: a page, with its status and what it claims to be.
PAGES: Final = {
    "a login page": (200, "text/html"),
    "a login page that claims to be gRPC": (200, "application/grpc"),
    "a redirection": (302, "text/html"),
    "a proxy that wants a login": (401, "text/html"),
    "a proxy that forbids it": (403, "text/html"),
    "a proxy that knows no such place": (404, "text/html"),
    "a proxy without its server": (502, "text/html"),
}


@pytest.mark.parametrize("body", [b"", b"<html>"], ids=["with nothing on it", "with text"])
@pytest.mark.parametrize("it", PAGES)
async def test_pages(it: str, body: bytes) -> None:
    """Devices and publishers repeat what something else than the server answered, and say so."""
    async with AsyncExitStack() as closing:
        async with pages(*PAGES[it], body) as served:
            target = f"127.0.0.1:{served.port}"
            publisher = await closing.enter_async_context(Publisher(target, "a token", backoff=QUICK))
            device = await closing.enter_async_context(laptop(target, timing=TIMING))
            await until(device, lambda device: device.error)
            assert isinstance(device.error, Unavailable)
            assert "something between here and the server answered" in str(device.error)
            getting = asyncio.create_task(publisher.get("ada", "id-1", timeout=TIMEOUT))
            await served.until_asked("GetNotification", 3)
        # When the server is there again
        script = await closing.enter_async_context(scripted(port=served.port))
        script.stream("Subscribe", scripted_streams(LIVE))
        script.answer("GetNotification", get)
        await asyncio.gather(live(device), getting)
