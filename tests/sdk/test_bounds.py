"""What a server sends, and what a program asks for, fills no memory: there is an end, and a way back."""

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import pytest

from tests.commands.rows import a_row
from tests.sdk.device_script import (
    LIVE,
    BackoffSpy,
    Message,
    created,
    laptop,
    live,
    scripted_streams,
    synced,
    until,
    welcome,
)
from tests.sdk.storage_spy import StorageSpy
from tests.support.processes import TIMEOUT
from tests.support.stub_server import Fault, StubServer
from unisono.client import Action, ChangeType, Event, Events, Status, StorageFailed, Timing, Unavailable
from unisono.client._device import memory_budget, outbox, persistence
from unisono.client._device.watchdog import Watchdog
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

Telling = Callable[[pb.SubscribeRequest], AsyncIterator[Message]]

#: Room for about twenty notifications of a thousand bytes.
ROOM = 40 * 1024
NOWHERE = "127.0.0.1:1"


@pytest.fixture(autouse=True)
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_budget, "MAX_BYTES", ROOM)


def large(revision: int, *, complete: bool) -> Message:
    """A notification of a thousand bytes."""
    message = created(revision)
    message.event_batch.events[0].notification.payload.raw_content = b"x" * 1000
    message.complete = complete
    return message


def flood(first: int, *, complete: bool) -> Telling:
    """One notification after the other, without an end."""

    async def tell(_: pb.SubscribeRequest) -> AsyncIterator[Message]:
        yield welcome(resumed=True)
        for revision in itertools.count(first):
            yield large(revision, complete=complete)

    return tell


def one_after_the_other(script: StubServer, *streams: Telling) -> None:
    left = list(streams)
    script.stream("Subscribe", lambda request: left.pop(0)(request))


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


async def test_a_catch_up_without_an_end_is_given_up_later_and_later(
    script: StubServer, caplog: pytest.LogCaptureFixture
) -> None:
    """What was there before stays, as it was at its position, and that is where the next stream begins."""
    backoff = BackoffSpy()
    good = scripted_streams([*LIVE, large(1, complete=True), Fault(grpc.StatusCode.UNAVAILABLE)])
    well = scripted_streams([welcome(resumed=True), large(2, complete=False), synced(2)])
    endless = flood(2, complete=False)
    one_after_the_other(script, good, endless, endless, endless, well)

    async with laptop(script.target, timing=Timing(backoff=backoff)) as device:
        await until(device, lambda device: device.revision == 1)
        await until(device, lambda device: device.error and "memory" in str(device.error))
        assert isinstance(device.error, Unavailable)
        assert [row.id for row in device.notifications] == ["id-1"]
        await until(device, lambda device: device.revision == 2)
        assert {row.id for row in device.notifications} == {"id-1", "id-2"}

    requests = script.requests("Subscribe")
    assert [request.resume_token for request in requests] == [b"", *[b"token-1"] * 4]
    assert backoff.asked == [1, 2, 3, 4]
    assert len(warnings(caplog)) == 3
    assert "the inbox would take more than 40,960 bytes of memory" in warnings(caplog)[0]


async def test_an_inbox_that_grows_without_an_end_is_no_longer_fed(script: StubServer) -> None:
    """Although each stream was live: the next one comes later."""
    backoff = BackoffSpy()
    script.stream("Subscribe", lambda request: flood(_next(request), complete=True)(request))

    async with laptop(script.target, timing=Timing(backoff=backoff)) as device:
        await script.until("Subscribe", count=4)
        held = len(device.notifications)

    assert 15 < held < 25
    assert backoff.asked[:3] == [1, 2, 3]


def _next(request: pb.SubscribeRequest) -> int:
    return int(request.resume_token.removeprefix(b"token-") or 0) + 1


async def test_starting_anew_is_given_up_as_a_whole(script: StubServer) -> None:
    """What was held is not taken for gone, since not all of the new was seen."""
    lost = Fault(grpc.StatusCode.UNAVAILABLE)
    good = scripted_streams([*LIVE, large(1, complete=True), lost])
    anew = scripted_streams([welcome(), *(large(revision, complete=False) for revision in range(2, 99))])
    well = scripted_streams([welcome(resumed=True), large(2, complete=True)])
    one_after_the_other(script, good, anew, well)

    async with laptop(script.target) as device:
        await until(device, lambda device: device.revision == 2)
        assert {row.id for row in device.notifications} == {"id-1", "id-2"}


@pytest.mark.parametrize("part", ["actions", "data"])
async def test_many_small_parts_take_room_too(script: StubServer, part: str) -> None:
    """Few bytes on the wire are much more in memory."""
    message = created(1)
    payload = message.event_batch.events[0].notification.payload
    for number in range(200):
        if part == "data":
            payload.data[f"{number}"] = ""
        else:
            payload.visual_content.actions.add()
    assert message.ByteSize() < ROOM / 10
    script.stream("Subscribe", scripted_streams([*LIVE, message]))

    async with laptop(script.target) as device:
        await until(device, lambda device: device.error)
        assert "would take more" in str(device.error)


async def test_content_that_is_fetched_takes_room_too(script: StubServer) -> None:
    async def get(request: service_pb.GetNotificationRequest) -> service_pb.GetNotificationResponse:
        whole = large(1, complete=True).event_batch.events[0].notification
        return service_pb.GetNotificationResponse(notification=whole)

    script.answer("GetNotification", get)
    bare = [large(revision, complete=False) for revision in range(1, 31)]
    for message in bare:
        message.event_batch.events[0].notification.ClearField("payload")
    script.stream("Subscribe", scripted_streams([welcome(), *bare, synced(30)]))

    async with laptop(script.target) as device:
        await until(device, lambda device: device.error)
        assert "would take more" in str(device.error)
        assert device.notifications == ()


#: Parts of a notification, of a thousand bytes each.
PARTS: dict[str, Any] = {
    "raw_content": b"x" * 1000,
    "body": "x" * 1000,
    "link": "x" * 1000,
    "icon_url": "x" * 1000,
    "actions": [Action(action_id="", label="", link="x" * 744)],
    "data": {"x" * 400: "x" * 344},
}


def an_event(id_: str, part: str = "raw_content") -> Event:
    return Event(
        notification=a_row(id=id_, **{part: PARTS[part]}),
        revision=1,
        removed=False,
        change_type=ChangeType.CREATED,
        origin_endpoint_id="",
        ring=True,
    )


async def test_a_storage_that_holds_more_than_there_is_room_for_is_let_go_of() -> None:
    storage = StorageSpy()
    row = large(1, complete=True).event_batch.events[0].notification
    storage.stored = {f"notification/{number}": row.SerializeToString() for number in range(100)}
    device = laptop(NOWHERE, storage=storage)

    with pytest.raises(Unavailable, match="memory"):
        await device.open()

    assert (device.status, storage.closed) == (Status.CLOSED, 1)


@pytest.mark.parametrize("part", PARTS)
async def test_events_that_nobody_takes_end_with_an_error(
    caplog: pytest.LogCaptureFixture, part: str
) -> None:
    """Those that came in time are there, and the memory is not filled by those that come later."""
    events = Events(Watchdog(TIMEOUT))
    for number in range(1000):
        events.put([an_event(f"{number}", part)])

    taken: list[str] = []

    async def take() -> None:
        async for event in events:
            taken.append(event.notification.id)  # noqa: PERF401  those before the error are wanted

    with pytest.raises(Unavailable, match="events that nobody takes"):
        await take()
    assert taken == [f"{number}" for number in range(len(taken))]
    assert 15 < len(taken) < 25
    assert len(warnings(caplog)) == 1


async def test_events_that_are_taken_never_do() -> None:
    events = Events(Watchdog(TIMEOUT))
    for number in range(200):
        events.put([an_event(f"{number}"), an_event("always the same")])
        await anext(events)
        await anext(events)


async def test_marks_that_wait_are_so_many_at_most(
    script: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_WAITING", 3)
    storage = StorageSpy()
    async with laptop(NOWHERE, storage=storage) as device:
        outcomes = await asyncio.gather(*(device.mark_read(f"{n}") for n in range(5)), return_exceptions=True)
        assert [isinstance(outcome, Unavailable) for outcome in outcomes] == [False] * 3 + [True] * 2
        assert device.pending_marks == storage.marks == 3


async def test_a_storage_that_keeps_nothing_keeps_the_device_offline(
    script: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before what is to be kept fills the memory; it goes on once that is kept, and with all of it."""
    monkeypatch.setattr(persistence, "MAX_UNSAVED", 10)
    storage = StorageSpy()
    gate = asyncio.Event()

    async def tell(_: pb.SubscribeRequest) -> AsyncIterator[Message]:
        for message in LIVE:
            yield message
        await gate.wait()
        for revision in itertools.count(1):
            yield removed(revision)

    script.stream("Subscribe", tell)
    async with laptop(script.target, storage=storage) as device:
        await live(device)
        storage.error = StorageFailed("the disk is full")
        gate.set()
        await until(device, lambda device: isinstance(device.error, StorageFailed))
        tries, opened = storage.tries, len(script.requests("Subscribe"))
        while storage.tries < tries + 3:
            await until(device, lambda device: device.status is Status.OFFLINE)
            await asyncio.sleep(0)
        assert (device.status, len(script.requests("Subscribe"))) == (Status.OFFLINE, opened)
        gate.clear()
        held, storage.error = device.revision, None
        await live(device)
        assert script.requests("Subscribe")[-1].resume_token == f"token-{held}".encode()
    assert storage.closed == 1


def removed(revision: int) -> Message:
    message = created(revision)
    message.event_batch.events[0].removed = True
    return message
