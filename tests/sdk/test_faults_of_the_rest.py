"""One table: each way in which a call, a token, a clock, a process or a storage can fail or lie.

What a row says happens is all that happens: a device that is not closed is live again by itself.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

import grpc
import pytest

from tests.sdk.backoffs import HASTY, QUICK
from tests.sdk.device_script import (
    LIVE,
    Message,
    created,
    ended,
    laptop,
    live,
    scripted_streams,
    until,
    welcome,
)
from tests.sdk.faults import TIMING, Offline, get, incomplete
from tests.sdk.storage_spy import StorageSpy
from tests.support.processes import TIMEOUT
from tests.support.stub_server import Fault, StubServer
from unisono.client import (
    InternalError,
    Publisher,
    ServerTooOld,
    Status,
    StorageFailed,
    Unauthenticated,
    Unavailable,
    UnisonoError,
)
from unisono.client._device import persistence
from unisono.client._wire.tokens import TokenSource
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

Code = grpc.StatusCode


@pytest.fixture(autouse=True)
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persistence, "MAX_UNSAVED", 5)


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
        return await get(request)

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


@pytest.mark.parametrize("it", [it for it in CALLS if "proxy" in it])
async def test_calls_of_marks(script: StubServer, it: str) -> None:
    """What has no reason of the service says nothing of the mark."""
    faults = [CALLS[it][0]] * 3

    async def mark(_: object) -> service_pb.MarkNotificationsResponse:
        if faults:
            raise faults.pop()
        return service_pb.MarkNotificationsResponse()

    script.stream("Subscribe", scripted_streams(LIVE))
    script.answer("MarkNotifications", mark)
    async with laptop(script.target, timing=HASTY) as device:
        await live(device)
        assert await device.mark_read("id-1") is not None


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
