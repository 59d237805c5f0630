"""What is sent is sent once: each send has a key, and is repeated where that is safe and in time."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, TypeVar

import grpc
import pytest

from tests.sdk.fake_send_service import FakeSendService
from tests.support import tokens
from tests.support.clocks import FakeClock
from tests.support.nodes import Setup, running
from tests.support.stub_server import Fault, StubServer
from unisono.client import (
    Backoff,
    DeadlineExceeded,
    Draft,
    Key,
    Publisher,
    ReadState,
    Unavailable,
    UnisonoError,
    draft,
)
from unisono.client._wire import caller
from unisono.server.api.convert import encoding
from unisono.server.clock import RandomIds
from unisono.server.errors import OutcomeUnknown
from unisono.server.store.commit import Decision, Item, View
from unisono.server.store.sqlite import SqliteStore
from unisono.v1.notification_service_pb2 import GetNotificationRequest, GetNotificationResponse

Code = grpc.StatusCode
R = TypeVar("R")
ItemT = TypeVar("ItemT", bound=Item)

PASSING = {
    "a server that cannot be reached": lambda: Fault(Code.UNAVAILABLE),
    "a server that is overloaded": lambda: Fault(Code.UNAVAILABLE, "OVERLOADED", retry_delay=0.01),
    "an outcome that is unknown": lambda: Fault(Code.UNAVAILABLE, "OUTCOME_UNKNOWN", retry_delay=0.01),
    "a cancellation that nobody asked for": lambda: Fault(Code.CANCELLED),
    "a connection that broke under TLS": lambda: Fault(Code.UNKNOWN, message="Stream removed (TSI)"),
    "a limit on the rate of calls": lambda: Fault(Code.RESOURCE_EXHAUSTED, "RATE_LIMITED", retry_delay=0.01),
    "a request that came in part": lambda: Fault(Code.DEADLINE_EXCEEDED, "REQUEST_INCOMPLETE"),
    "a limit of the transport": lambda: Fault(Code.RESOURCE_EXHAUSTED),
    "the time-out of a proxy": lambda: Fault(Code.DEADLINE_EXCEEDED),
    "a proxy that answers for the server": lambda: Fault(Code.UNIMPLEMENTED),
    "a proxy that wants a login": lambda: Fault(Code.UNAUTHENTICATED),
    "a proxy that forbids it": lambda: Fault(Code.PERMISSION_DENIED),
    "a proxy that lost the server": lambda: Fault(Code.INTERNAL),
    "an exception in a proxy": lambda: Fault(Code.UNKNOWN),
    "an answer that is no gRPC": lambda: Fault(
        Code.UNIMPLEMENTED, message="Received http2 header with status: 404"
    ),
}
LASTING = {
    Code.INVALID_ARGUMENT: "INVALID_REQUEST",
    Code.UNAUTHENTICATED: "TOKEN_INVALID",
    Code.PERMISSION_DENIED: "SCOPE_MISSING",
    Code.NOT_FOUND: "NOTIFICATION_NOT_FOUND",
    Code.ALREADY_EXISTS: "KEY_CONFLICT",
    Code.ABORTED: "REVISION_MISMATCH",
    Code.FAILED_PRECONDITION: "ENDPOINT_DELETED",
    Code.RESOURCE_EXHAUSTED: "LIVE_NOTIFICATIONS_EXCEEDED",
    Code.INTERNAL: "INTERNAL",
}


async def test_each_send_has_a_key_of_its_own(publisher: Publisher, service: FakeSendService) -> None:
    by_hand = Draft(user_id="ada")
    sent = [await publisher.send("ada", title="Hello") for _ in range(2)]
    sent += [one for one in await publisher.batch([by_hand, by_hand]) if not isinstance(one, Exception)]

    keys = {one.app_notification_id for one in sent}
    assert len(keys) == 4
    assert "" not in keys
    assert set(service.stored) == keys
    assert by_hand.app_notification_id == ""


async def test_the_key_of_the_caller_is_kept(publisher: Publisher, service: FakeSendService) -> None:
    sent = await publisher.send("ada", title="Hello", app_notification_id="parcel-17")

    assert sent.app_notification_id == "parcel-17"
    assert set(service.stored) == {"parcel-17"}


@pytest.mark.parametrize("kind", PASSING)
async def test_what_may_pass_is_repeated_with_the_same_request(
    publisher: Publisher, script: StubServer, service: FakeSendService, kind: str
) -> None:
    service.faults.extend(PASSING[kind]() for _ in range(3))

    sent = await publisher.send("ada", title="Hello")

    requests = script.requests("SendNotification")
    assert len(requests) == 4
    assert all(request == requests[0] for request in requests)
    assert service.titles == ["Hello"]
    assert set(service.stored) == {sent.app_notification_id}


@pytest.mark.parametrize("code", LASTING, ids=lambda code: code.name)
async def test_what_is_refused_is_not_repeated(
    publisher: Publisher, service: FakeSendService, code: grpc.StatusCode
) -> None:
    service.faults.append(Fault(code, LASTING[code]))

    with pytest.raises(UnisonoError) as raised:
        await publisher.send("ada", title="Hello")

    assert (raised.value.code, raised.value.reason) == (code, LASTING[code])
    assert len(service.calls) == 1


@pytest.mark.parametrize("kind", PASSING)
async def test_so_is_every_other_call(publisher: Publisher, script: StubServer, kind: str) -> None:
    faults = [PASSING[kind]() for _ in range(3)]

    async def answer(_: GetNotificationRequest) -> GetNotificationResponse:
        if faults:
            raise faults.pop()
        return GetNotificationResponse(notification={"id": "some-id"})  # type: ignore[arg-type]

    script.answer("GetNotification", answer)

    assert (await publisher.get("ada", "some-id")).id == "some-id"
    assert len(script.calls) == 4


@pytest.mark.parametrize("kind", PASSING)
async def test_so_is_one_of_a_batch_alone(publisher: Publisher, service: FakeSendService, kind: str) -> None:
    service.bad = {"bad": deque([PASSING[kind](), PASSING[kind]()])}

    outcomes = await publisher.batch([draft("ada", title="good"), draft("bob", title="bad")])

    assert [isinstance(one, Exception) for one in outcomes] == [False, False]
    assert service.calls == [["good", "bad"], ["bad"], ["bad"]]


BUSY = {"OVERLOADED": Code.UNAVAILABLE, "RATE_LIMITED": Code.RESOURCE_EXHAUSTED}


@pytest.mark.parametrize("reason", BUSY)
async def test_it_is_not_repeated_sooner_than_the_server_asks(
    publisher: Publisher, service: FakeSendService, reason: str
) -> None:
    service.faults.append(Fault(BUSY[reason], reason, retry_delay=0.15))
    began = time.monotonic()

    await publisher.send("ada", title="Hello")

    assert time.monotonic() - began >= 0.15
    assert len(service.calls) == 2


class CountedBackoff(Backoff):
    """Never waits, and keeps after how many failures it was asked to."""

    counts: ClassVar[list[int]] = []

    def delay(self, failures: int) -> float:
        self.counts.append(failures)
        return 0.0


async def test_it_waits_by_how_often_it_failed_in_a_row(script: StubServer, service: FakeSendService) -> None:
    CountedBackoff.counts.clear()
    async with Publisher(script.target, "a token", backoff=CountedBackoff()) as publisher:
        for failures in (3, 1):
            service.faults.extend(Fault(Code.UNAVAILABLE) for _ in range(failures))
            await publisher.send("ada", title="Hello")

    assert CountedBackoff.counts == [1, 2, 3, 1]


async def get(publisher: Publisher, seconds: float) -> object:
    return await publisher.get("ada", "some-id", timeout=seconds)


async def send(publisher: Publisher, seconds: float) -> object:
    return await publisher.send("ada", title="Hello", timeout=seconds)


Call = Callable[[Publisher, float], "asyncio.Future[object]"]


@pytest.mark.parametrize("call", [get, send])
async def test_it_is_repeated_until_the_deadline(
    publisher: Publisher, script: StubServer, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer takes a minute of the hour that there is."""
    clock = FakeClock()
    monkeypatch.setattr(caller, "time", clock)

    async def overloaded(_: object) -> GetNotificationResponse:
        clock.advance(60)
        raise Fault(Code.UNAVAILABLE, "OVERLOADED", retry_delay=0.0)

    script.answer("GetNotification", overloaded)
    script.answer("SendNotification", overloaded)

    with pytest.raises(Unavailable) as raised:
        await call(publisher, 3600)

    assert raised.value.reason == "OVERLOADED"
    assert len(script.calls) == 60


@pytest.mark.parametrize("call", [get, send])
async def test_a_delay_beyond_the_deadline_is_not_waited_for(
    publisher: Publisher, script: StubServer, call: Call
) -> None:
    async def busy(_: object) -> GetNotificationResponse:
        raise Fault(Code.UNAVAILABLE, "STORE_UNAVAILABLE", retry_delay=3600)

    script.answer("GetNotification", busy)
    script.answer("SendNotification", busy)

    with pytest.raises(Unavailable) as raised:
        await call(publisher, 3000)

    assert raised.value.reason == "STORE_UNAVAILABLE"


@pytest.mark.parametrize("call", [get, send])
async def test_a_server_that_never_answers(publisher: Publisher, script: StubServer, call: Call) -> None:
    never = asyncio.Event()

    async def silent(_: GetNotificationRequest) -> GetNotificationResponse:
        await never.wait()
        return GetNotificationResponse()

    script.answer("GetNotification", silent)
    script.answer("SendNotification", silent)

    with pytest.raises(DeadlineExceeded):
        await call(publisher, 0.1)

    assert len(script.calls) <= 1


class ForgetfulStore(SqliteStore):
    """Commits, and does not know it: the first time for each of so many items."""

    def __init__(self, path: Path, forgets: int) -> None:
        super().__init__(path, ids=RandomIds(), encode=encoding.encode_row)
        self.forgets = forgets

    async def commit(
        self, items: Sequence[ItemT], decide: Callable[[Sequence[ItemT], View], Decision[R]]
    ) -> Decision[R]:
        decision = await super().commit(items, decide)
        if self.forgets > 0:
            self.forgets -= len(items)
            raise OutcomeUnknown
        return decision


async def test_what_was_done_without_the_server_knowing_is_not_done_again(tmp_path: Path) -> None:
    """Of every call that changes something, by key and with an expected revision, too."""
    store = ForgetfulStore(tmp_path / "unisono.db", forgets=0)
    async with (
        running(Setup(path=tmp_path / "unisono.db", store=store)) as node,
        Publisher(node.target, tokens.publisher()) as publisher,
    ):
        drafts = [draft("ada", title=name, app_notification_id=name) for name in ("a", "b", "c", "d", "e")]
        await publisher.batch(drafts)
        revision = (await publisher.get("ada", Key("a"))).revision

        store.forgets = 7
        sent, updated, marked, deleted, cleared, outcomes = await asyncio.gather(
            publisher.send("ada", title="sent", app_notification_id="sent"),
            publisher.update("ada", Key("a"), title="A", expected_revision=revision),
            publisher.mark("ada", Key("b"), read_state=ReadState.READ),
            publisher.delete("ada", Key("c")),
            publisher.delete_many("ada", [Key("d"), Key("e")]),
            publisher.batch([draft("bob", title="one"), draft("bob", title="two")]),
        )

        assert store.forgets <= 0
        assert (sent.deduplicated, deleted.already_removed) == (True, True)
        assert (cleared.removed, cleared.already_removed) == (0, 2)
        assert (updated.title, marked.changed) == ("A", 0)
        assert [isinstance(one, Exception) for one in outcomes] == [False, False]
        assert (await publisher.get_feed("ada")).last_revision == 11
        assert (await publisher.get_feed("bob")).last_revision == 2
