"""What a server does not know is refused before it is sent, clearly, and what it knows costs no call more."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import timedelta

import grpc
import pytest
from google.protobuf.message import Message

from tests.sdk.backoffs import IMPATIENT, QUICK
from tests.sdk.fake_send_service import FakeSendService
from tests.support.processes import TIMEOUT
from tests.support.stub_server import Fault, StubServer
from unisono.client import (
    Action,
    BlockingPublisher,
    BodyFormat,
    DeadlineExceeded,
    Everything,
    Publisher,
    ServerTooOld,
    UserActionState,
    draft,
)
from unisono.client._wire import server_level
from unisono.client._wire.contract_levels import LEVELS, NEWEST, OLDEST
from unisono.v1 import notification_service_pb2 as pb
from unisono.v1.server_service_pb2 import GetServerInfoRequest, GetServerInfoResponse

ACTIVATED, SNOOZED = UserActionState.ACTIVATED, UserActionState.SNOOZED
LINK = "https://unisono.test"
EPHEMERAL = "SubscribeRequest.ephemeral"


async def listed(publisher: Publisher) -> None:
    [row async for row in publisher.list("ada", category="news")]


async def changed(publisher: Publisher) -> None:
    [change async for change in publisher.changes("ada")]


#: A call for each field that older servers do not know, but for that of streams.
NEWER: dict[str, Callable[[Publisher], Awaitable[object]]] = {
    "SendNotificationRequest.silent": lambda p: p.send("ada", title="x", silent=True),
    "SendNotificationRequest.category": lambda p: p.send("ada", title="x", category="news"),
    "VisualContent.link": lambda p: p.send("ada", title="x", link=LINK),
    "VisualContent.icon_url": lambda p: p.update("ada", "id", title="x", icon_url=LINK),
    "VisualContent.image_url": lambda p: p.send("ada", title="x", image_url=LINK),
    "VisualContent.actions": lambda p: p.send("ada", title="x", actions=[Action(action_id="a", label="A")]),
    "VisualContent.format": lambda p: p.send("ada", title="x", body="*x*", format=BodyFormat.MARKDOWN),
    "Payload.data": lambda p: p.send("ada", data={"key": "value"}),
    "NotificationContent.category": lambda p: p.update("ada", "id", category=None),
    "MarkNotificationsRequest.action_id": lambda p: p.mark(
        "ada", "id", user_action_state=ACTIVATED, action_id="reply"
    ),
    "MarkNotificationsRequest.snooze_for": lambda p: p.mark(
        "ada", Everything(), user_action_state=SNOOZED, snooze_for=timedelta(hours=1)
    ),
    "ListNotificationsRequest.category": listed,
    "ListNotificationsRequest.changed_after": changed,
    "DeleteEndpointRequest.may_return": lambda p: p.delete_endpoint("ada", "laptop", may_return=True),
}


def asked(script: StubServer) -> int:
    """How often it was asked what it knows."""
    return len(script.requests("GetServerInfo"))


def believed(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let a server count as old for so long."""
    monkeypatch.setattr(server_level, "BELIEVED", seconds)


def test_there_is_a_call_for_each_field() -> None:
    assert {f"unisono.v1.{field}" for field in (*NEWER, EPHEMERAL)} == set(LEVELS)


@pytest.mark.parametrize("level", [None, OLDEST, -1], ids=["older than the question", "oldest", "nonsense"])
@pytest.mark.parametrize("field", NEWER)
async def test_what_it_does_not_know_is_not_sent(
    publisher: Publisher, script: StubServer, field: str, level: int | None
) -> None:
    script.knows(level)

    with pytest.raises(ServerTooOld) as raised:
        await NEWER[field](publisher)

    assert str(raised.value) == f"the server does not know {field} yet: upgrade it, or leave that out"
    assert raised.value.metadata == {"field": field, "contract_level": "0"}
    assert (raised.value.code, raised.value.retry_delay) == (grpc.StatusCode.UNIMPLEMENTED, None)
    assert [call.method for call in script.calls] == ["GetServerInfo"]


@pytest.mark.parametrize("level", [None, NEWEST])
async def test_what_every_server_knows_is_sent_without_a_question(
    publisher: Publisher, script: StubServer, service: FakeSendService, level: int | None
) -> None:
    script.knows(level)

    await publisher.send("ada", title="One", group_name="news")
    await publisher.batch([draft("ada", title="Two"), draft("bob", title="Three")])

    assert sorted(service.titles) == ["One", "Three", "Two"]
    assert asked(script) == 0


@pytest.mark.parametrize("level", [1, NEWEST, NEWEST + 1])
async def test_one_that_knows_enough_is_asked_once(
    publisher: Publisher,
    script: StubServer,
    service: FakeSendService,
    level: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    believed(monkeypatch, 0)
    script.knows(level)

    await publisher.send("ada", title="One", silent=True)
    script.knows(None)  # whatever it would say now
    await publisher.send("ada", title="Two", link=LINK)
    await publisher.batch([draft("ada", title="Three", category="news"), draft("bob", title="Four")])

    assert [one.silent for one in service.stored.values()] == [True, False, False, False]
    assert asked(script) == 1


async def test_nothing_is_looked_for_in_requests_to_one_that_knows_all(
    publisher: Publisher, service: FakeSendService, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publisher.send("ada", title="One", silent=True)

    def never(_: Message, __: int) -> None:
        raise AssertionError

    monkeypatch.setattr(server_level, "field_above", never)
    await publisher.send("ada", title="Two", silent=True)

    assert service.titles == ["One", "Two"]


async def test_many_who_want_to_know_at_once_ask_once(
    publisher: Publisher, script: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    believed(monkeypatch, 0)
    answered = asyncio.Event()

    async def slowly(_: GetServerInfoRequest) -> GetServerInfoResponse:
        await answered.wait()
        return GetServerInfoResponse(contract_level=NEWEST)

    async def marked(_: pb.MarkNotificationsRequest) -> pb.MarkNotificationsResponse:
        return pb.MarkNotificationsResponse(changed=1)

    script.answer("GetServerInfo", slowly)
    script.answer("MarkNotifications", marked)
    marks = [asyncio.ensure_future(NEWER["MarkNotificationsRequest.action_id"](publisher)) for _ in range(20)]
    await script.until("GetServerInfo")
    await asyncio.sleep(0)
    answered.set()
    await asyncio.gather(*marks)

    assert len(script.requests("MarkNotifications")) == 20
    assert asked(script) == 1


async def test_an_old_one_is_not_asked_for_each_call(
    publisher: Publisher, script: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    believed(monkeypatch, math.inf)
    script.knows(None)

    for call in NEWER.values():
        with pytest.raises(ServerTooOld):
            await call(publisher)

    assert asked(script) == 1


async def test_one_that_was_upgraded_gets_all(
    publisher: Publisher, script: StubServer, service: FakeSendService, monkeypatch: pytest.MonkeyPatch
) -> None:
    believed(monkeypatch, 0)
    script.knows(None)
    with pytest.raises(ServerTooOld):
        await publisher.send("ada", title="One", silent=True)

    script.knows(NEWEST)
    await publisher.send("ada", title="Two", silent=True)

    assert service.titles == ["Two"]


async def test_a_way_that_fails_is_tried_again(
    publisher: Publisher, script: StubServer, service: FakeSendService
) -> None:
    faults = [Fault(grpc.StatusCode.UNAVAILABLE), Fault(grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED")]

    async def at_last(_: GetServerInfoRequest) -> GetServerInfoResponse:
        if faults:
            raise faults.pop()
        return GetServerInfoResponse(contract_level=NEWEST)

    script.answer("GetServerInfo", at_last)
    await publisher.send("ada", title="One", silent=True)

    assert service.titles == ["One"]
    assert asked(script) == 3


async def test_a_new_token_is_taken_for_the_question_too(
    script: StubServer, service: FakeSendService
) -> None:
    given = iter(("late", "good"))

    async def refuse_the_first(_: GetServerInfoRequest) -> GetServerInfoResponse:
        if script.calls[-1].token == "late":
            raise Fault(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")
        return GetServerInfoResponse(contract_level=NEWEST)

    script.answer("GetServerInfo", refuse_the_first)
    async with Publisher(script.target, lambda: next(given), backoff=QUICK) as publisher:
        await publisher.send("ada", title="One", silent=True)

    assert script.tokens("GetServerInfo") == ["late", "good"]
    assert service.titles == ["One"]


async def test_one_that_does_not_say_is_not_waited_for_longer_than_asked(
    publisher: Publisher, script: StubServer, service: FakeSendService
) -> None:
    async def never(_: GetServerInfoRequest) -> GetServerInfoResponse:
        await asyncio.Event().wait()
        raise AssertionError

    script.answer("GetServerInfo", never)
    patient = publisher.mark("ada", "id", user_action_state=ACTIVATED, action_id="x", timeout=10 * TIMEOUT)
    first = asyncio.create_task(patient)
    await script.until("GetServerInfo")
    for call in (
        publisher.mark("ada", "id", user_action_state=ACTIVATED, action_id="x", timeout=0.05),
        publisher.send("ada", title="One", silent=True, timeout=0.05),
    ):
        async with asyncio.timeout(TIMEOUT):
            with pytest.raises(DeadlineExceeded):
                await call
    first.cancel()

    assert {call.method for call in script.calls} == {"GetServerInfo"}


async def test_a_method_that_it_lacks_is_such_an_error(publisher: Publisher, script: StubServer) -> None:
    script.knows(None)

    with pytest.raises(ServerTooOld) as raised:
        await publisher.delete_many("ada", Everything())

    assert (raised.value.code, raised.value.metadata) == (grpc.StatusCode.UNIMPLEMENTED, {})
    assert script.calls == []


async def test_a_batch_of_which_it_lacks_the_method(script: StubServer) -> None:
    async with Publisher(script.target, "a token", backoff=IMPATIENT) as publisher:
        outcomes = await publisher.batch([draft("ada", title="x", silent=True), draft("bob", title="x")])

    assert [type(outcome) for outcome in outcomes] == [ServerTooOld] * 2


async def test_a_blocking_publisher_is_told_too(script: StubServer) -> None:
    script.knows(None)

    def send() -> None:
        with BlockingPublisher(script.target, "a token", timeout=TIMEOUT) as publisher:
            publisher.send("ada", title="x", silent=True)

    with pytest.raises(ServerTooOld, match="silent"):
        await asyncio.to_thread(send)
