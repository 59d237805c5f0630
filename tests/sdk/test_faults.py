"""One table: each way in which a stream, a call, a token, a clock, a process or a storage can fail or lie.

What a row says happens is all that happens: a device that is not closed is live again by itself.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final, cast

import grpc
import pytest

from tests.sdk.backoffs import HASTY, QUICK
from tests.sdk.device_script import (
    END,
    LIVE,
    Message,
    created,
    ended,
    goodbye,
    heartbeat,
    laptop,
    live,
    scripted_streams,
    until,
    welcome,
)
from tests.sdk.storage_spy import StorageSpy
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
    StorageFailed,
    Timing,
    Unauthenticated,
    Unavailable,
    UnisonoError,
    _convert,
)
from unisono.client._device import catch_up_limit, persistence, stream
from unisono.client._wire.tokens import TokenSource
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2 as notification_pb
from unisono.v1 import notification_service_pb2 as service_pb

Code = grpc.StatusCode
TIMING: Final = Timing(open_timeout=0.3, backoff=QUICK, refusal_backoff=QUICK)


@dataclass(frozen=True, slots=True)
class Offline:
    """The device is offline with this error, whose message has these words, and then live again."""

    kind: type[UnisonoError]
    words: str = ""


def incomplete(message: Message) -> Message:
    message.complete = False
    return message


class Garbage:
    """What is sent as a message, and is none."""

    complete = False

    def SerializeToString(self) -> bytes:  # noqa: N802  as messages have it
        return b"\xff" * 8


GARBAGE: Final = cast("Message", Garbage())


def answered(code: grpc.StatusCode, text: str = "") -> Fault:
    return Fault(code, message=text)


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
    "never begins": ([], Offline(Unavailable, "silent")),
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
    monkeypatch.setattr(persistence, "MAX_UNSAVED", 5)


@pytest.mark.parametrize("it", STREAMS)
async def test_streams(script: StubServer, it: str) -> None:
    said, offline = STREAMS[it]
    script.stream("Subscribe", scripted_streams(said, said, [welcome(), created(7)]))

    async with laptop(script.target, timing=TIMING) as device:
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
        async with pages(*PAGES[it], body) as port:
            target = f"127.0.0.1:{port}"
            publisher = await closing.enter_async_context(Publisher(target, "a token", backoff=QUICK))
            device = await closing.enter_async_context(laptop(target, timing=TIMING))
            await until(device, lambda device: device.error)
            assert isinstance(device.error, Unavailable)
            assert "something between here and the server answered" in str(device.error)
            with pytest.raises(Unavailable, match="something between"):
                await publisher.get("ada", "id-1", timeout=0.1)
        # When the server is there again
        script = await closing.enter_async_context(scripted(port=port))
        script.stream("Subscribe", scripted_streams(LIVE))
        script.answer("GetNotification", _get)
        await asyncio.gather(live(device), publisher.get("ada", "id-1"))


async def _get(_: object) -> service_pb.GetNotificationResponse:
    return service_pb.GetNotificationResponse(notification={"id": "id-1"})  # type: ignore[arg-type]


#: What a call meets three times, and whether it is made again within its timeout, with a fixed token and with
#: a function that gives tokens.
CALLS: Final = {
    "a code of something underway": (Fault(Code.UNKNOWN), True, True),
    "a proxy that answers itself": (Fault(Code.UNIMPLEMENTED), True, True),
    "a proxy that checks tokens": (Fault(Code.UNAUTHENTICATED), True, True),
    "a proxy that forbids it": (Fault(Code.PERMISSION_DENIED), True, True),
    "a proxy that gives up early": (Fault(Code.DEADLINE_EXCEEDED), True, True),
    "a proxy with reasons of its own": (Fault(Code.ABORTED), True, True),
    "a server that is busy": (Fault(Code.UNAVAILABLE, "OVERLOADED"), True, True),
    "a server that does not know the key": (Fault(Code.UNAUTHENTICATED, "TOKEN_INVALID"), False, True),
    "a token that is over": (Fault(Code.UNAUTHENTICATED, "TOKEN_EXPIRED"), False, True),
    "a server without the app": (Fault(Code.PERMISSION_DENIED, "APP_UNKNOWN"), False, False),
    "a server that dislikes the request": (Fault(Code.INVALID_ARGUMENT, "INVALID_REQUEST"), False, False),
    "a fault of the server": (Fault(Code.INTERNAL, "INTERNAL"), False, False),
}


@pytest.mark.parametrize("token", ["a fixed one", lambda: "one of many"], ids=["fixed", "given"])
@pytest.mark.parametrize("it", CALLS)
async def test_calls(script: StubServer, it: str, token: TokenSource) -> None:
    fault, repeated_fixed, repeated_given = CALLS[it]
    faults = [fault] * 3

    async def answer(request: object) -> service_pb.GetNotificationResponse:
        if faults:
            raise faults.pop()
        return await _get(request)

    script.answer("GetNotification", answer)
    async with Publisher(script.target, token, backoff=QUICK) as publisher:
        if repeated_fixed if isinstance(token, str) else repeated_given:
            assert (await publisher.get("ada", "id-1")).id == "id-1"
            assert len(script.requests("GetNotification")) == 4
        else:
            with pytest.raises(UnisonoError) as raised:
                await publisher.get("ada", "id-1")
            assert raised.value.code is fault.code
            assert len(script.requests("GetNotification")) == 1


async def test_a_method_that_older_servers_lack_is_not_waited_for(script: StubServer) -> None:
    """Every other is: it is something underway that lacks it."""
    async with Publisher(script.target, "a token", backoff=QUICK) as publisher:
        with pytest.raises(ServerTooOld):
            await publisher.delete_many("ada", ["id-1"], timeout=TIMEOUT)
        with pytest.raises(ServerTooOld):
            await publisher.delete_user("ada", timeout=TIMEOUT)


async def test_a_list_with_the_same_page_again_and_again(script: StubServer) -> None:
    async def again(_: object) -> service_pb.ListNotificationsResponse:
        return service_pb.ListNotificationsResponse(next_page_token="again", notifications=[{"id": "id-1"}])  # type: ignore[list-item]

    script.answer("ListNotifications", again)
    async with Publisher(script.target, "a token", backoff=QUICK) as publisher:
        for rows in (publisher.list("ada"), publisher.changes("ada")):
            with pytest.raises(InternalError, match="the same page token"):
                [row async for row in rows]


def gives(*tokens: object) -> Callable[[], str]:
    """A function that gives these tokens, or raises these errors, one after the other; then good ones."""
    left = [*tokens]

    def give() -> str:
        token = left.pop(0) if left else "good"
        if isinstance(token, Exception):
            raise token
        return token  # type: ignore[return-value]  # it may be no text

    return give


#: What a function that gives tokens does at first, and what the device is offline with.
TOKENS: Final[dict[str, tuple[list[object], Offline]]] = {
    "fails": ([LookupError("no key")] * 3, Offline(Unavailable, "no key")),
    "times out": ([TimeoutError("no issuer")] * 3, Offline(Unavailable, "no issuer")),
    "gives nothing": ([None] * 3, Offline(Unavailable, "must be a str")),
    "gives what no token is": (["naïve\ntoken"] * 3, Offline(Unavailable, "characters")),
    "gives old ones": (["old"] * 9, Offline(Unauthenticated)),
    "gives none": ([""] * 3, Offline(Unauthenticated)),
}


@pytest.mark.parametrize("it", TOKENS)
async def test_tokens_of_a_function(script: StubServer, it: str) -> None:
    tokens, offline = TOKENS[it]

    async def stream(_: pb.SubscribeRequest) -> AsyncIterator[Message]:
        if script.tokens("Subscribe")[-1] != "good":
            raise Fault(Code.UNAUTHENTICATED, "TOKEN_INVALID")
        for message in LIVE:
            yield message
        await asyncio.Event().wait()

    script.stream("Subscribe", stream)
    async with laptop(script.target, gives(*tokens), timing=TIMING) as device:
        await until(device, lambda device: device.error)
        assert isinstance(device.error, offline.kind)
        assert offline.words in str(device.error)
        await live(device)


async def test_a_fixed_token_that_is_over_is_the_end(script: StubServer) -> None:
    script.stream("Subscribe", scripted_streams([Fault(Code.UNAUTHENTICATED, "TOKEN_EXPIRED")], LIVE))
    async with laptop(script.target, timing=TIMING) as device:
        assert isinstance(await ended(device), Unauthenticated)


@pytest.mark.parametrize("years", [-30, 30])
async def test_clocks_that_jump(script: StubServer, monkeypatch: pytest.MonkeyPatch, years: int) -> None:
    """Nothing that a device waits for is counted by a clock that somebody sets."""
    gate, began = asyncio.Event(), time.time()

    async def stream(_: pb.SubscribeRequest) -> AsyncIterator[Message]:
        for message in LIVE:
            yield message
        await gate.wait()
        yield created(1)
        raise Fault(Code.UNAVAILABLE)

    streams = [stream, scripted_streams([welcome(resumed=True), created(2)])]
    script.stream("Subscribe", lambda request: streams.pop(0)(request))
    async with laptop(script.target, timing=TIMING) as device:
        await live(device)
        monkeypatch.setattr(time, "time", lambda: began + years * 365 * 86400)
        gate.set()
        await until(device, lambda device: device.revision == 2)


async def test_a_process_that_ends_at_any_time_goes_on_where_it_was(script: StubServer) -> None:
    """Also in the midst of a catch-up, and while it saves."""
    storage = StorageSpy()
    half = [welcome(resumed=True), incomplete(created(2))]
    script.stream(
        "Subscribe", scripted_streams([*LIVE, created(1)], half, [welcome(resumed=True), created(2)])
    )
    for revision in (1, 1, 2):
        async with laptop(script.target, storage=storage, timing=HASTY) as device:
            await script.until("Subscribe", count=len(script.requests("Subscribe")) + 1)
            await until(device, lambda device, revision=revision: device.revision == revision)  # type: ignore[misc]
    tokens = [request.resume_token for request in script.requests("Subscribe")]
    assert tokens == [b"", b"token-1", b"token-1"]


#: What a storage raises while it is to save.
STORAGES: Final = {"is full": StorageFailed("no space left"), "is broken": OSError("input/output error")}


@pytest.mark.parametrize("it", STORAGES)
async def test_storages(script: StubServer, it: str) -> None:
    """The device goes on while there is room for what is not saved, then waits, and misses nothing."""
    storage = StorageSpy()

    async def stream(request: pb.SubscribeRequest) -> AsyncIterator[Message]:
        yield welcome(resumed=bool(request.resume_token), token=request.resume_token or b"token-0")
        first = int(request.resume_token.removeprefix(b"token-") or 0) + 1
        for revision in range(first, 21):
            yield created(revision)
        await asyncio.Event().wait()

    script.stream("Subscribe", stream)
    async with laptop(script.target, storage=storage, timing=TIMING) as device:
        storage.error = STORAGES[it]
        await until(device, lambda device: isinstance(device.error, StorageFailed))
        assert device.status is Status.OFFLINE
        assert 0 < device.revision < 20
        storage.error = None
        await until(device, lambda device: device.revision == 20)
    assert (len(storage.rows), storage.token) == (20, b"token-20")


#: What is found in a storage that is opened.
FOUND: Final = {
    "is damaged": {"point": b"\xff"},
    "is another device's": {"endpoint": b"phone"},
}


@pytest.mark.parametrize("it", FOUND)
async def test_storages_that_are_opened(it: str) -> None:
    """They stay as they are, and the program is told."""
    storage = StorageSpy()
    storage.stored = dict(FOUND[it])
    with pytest.raises(StorageFailed):
        await laptop("127.0.0.1:1", storage=storage).open()
    assert storage.stored == FOUND[it]
