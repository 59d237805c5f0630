"""Marks made offline wait, within bounds, as what they meant then, and are sent when all is known."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import grpc
import pytest

from tests.sdk.backoffs import QUICK
from tests.sdk.device_script import (
    LIVE,
    Message,
    created,
    laptop,
    scripted_streams,
    sent,
    synced,
    until,
    welcome,
)
from tests.sdk.offline_marks import (
    DISMISSED,
    HOUR,
    NOWHERE,
    READ,
    Backend,
    answering,
    many,
    states,
    stored_offline,
)
from tests.sdk.storage_spy import StorageSpy
from tests.support.stub_server import Fault, StubServer
from unisono.client import (
    Everything,
    Group,
    Key,
    NotFound,
    Publisher,
    ReadState,
    Timing,
    Unavailable,
    UserActionState,
)
from unisono.client._device import outbox
from unisono.client.testing import FakeService
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb


@pytest.fixture
async def backend() -> AsyncIterator[tuple[FakeService, Publisher]]:
    service = FakeService()
    async with Publisher(service.transport, service.app_token()) as publisher:
        yield service, publisher


async def test_one_that_expires_before_its_snooze_ends_is_left_as_it_is(backend: Backend) -> None:
    service, publisher = backend
    storage, token = StorageSpy(), service.user_token("ada")
    await publisher.send("ada", title="short", expire_time=service.now + HOUR)
    await publisher.send("ada", title="long")
    async with laptop(service.transport, token, storage=storage) as device:
        await until(device, lambda device: device.unread_count == 2)
    async with laptop(NOWHERE, token, storage=storage) as device:
        await device.snooze(Everything(), datetime.now(UTC) + 2 * HOUR)
        assert {title: state[1].name for title, state in states(device).items()} == {
            "short": "NO_INTERACTION",
            "long": "SNOOZED",
        }


async def test_what_was_refused_is_not_asked_again_with_the_rest(
    script: StubServer, storage: StorageSpy
) -> None:
    await many(script, storage, 600)
    async with laptop(NOWHERE, storage=storage) as device:
        await device.mark_read(Everything())
    faults = [
        Fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"),
        # Longer than a call may take.
        Fault(grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED", retry_delay=1.2),
    ]

    async def failing(_: object) -> pb.MarkNotificationsResponse:
        if faults:
            raise faults.pop(0)
        return pb.MarkNotificationsResponse()

    script.answer("MarkNotifications", failing)
    script.stream("Subscribe", scripted_streams([welcome(resumed=True), synced(600)]))
    async with laptop(
        script.target, storage=storage, timing=Timing(call_timeout=1.0, backoff=QUICK)
    ) as device:
        await sent(device)
    sizes = [len(request.references.refs) for request in script.requests("MarkNotifications")]
    assert sizes == [500, 99, 99]


async def test_one_that_would_be_left_alone_is_so_in_parts_too(backend: Backend, storage: StorageSpy) -> None:
    """It expires before the snooze ends; that somebody else acts makes no mark of the rest."""
    service, publisher = backend
    sent_ = await publisher.send("ada", title="a", expire_time=service.now + 2 * HOUR)
    token = await stored_offline(backend, storage, "b")
    snoozed = {"read_state": READ, "user_action_state": UserActionState.SNOOZED, "snooze_for": 3 * HOUR}
    async with laptop(NOWHERE, token, storage=storage) as device:
        await device.mark([sent_, Key("b")], **snoozed)  # type: ignore[arg-type]
    await publisher.mark("ada", sent_, user_action_state=DISMISSED)
    async with laptop(service.transport, token, storage=storage) as device:
        await sent(device)
    found = {row.title: (row.read_state, row.user_action_state) for row in service.notifications("ada")}
    assert found == {
        "a": (ReadState.UNREAD, DISMISSED),
        "b": (READ, UserActionState.SNOOZED),
    }


async def test_nothing_is_sent_before_it_has_caught_up(script: StubServer, storage: StorageSpy) -> None:
    async with laptop(NOWHERE, storage=storage) as device:
        await device.mark_read("id-1")
    await answering(script, 1)
    gate = asyncio.Event()

    async def stream(_: object) -> AsyncIterator[Message]:
        half = created(1)
        half.complete = False
        yield welcome()
        yield half
        await gate.wait()
        yield synced(1)
        await asyncio.Event().wait()

    script.stream("Subscribe", stream)
    async with laptop(script.target, storage=storage) as device:
        await until(device, lambda device: device.status.value == "catching up")
        assert await device.mark(Everything(), read_state=READ) is None
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await script.until("MarkNotifications")
        gate.set()
        await sent(device)
    assert [len(request.references.refs) for request in script.requests("MarkNotifications")] == [1]


async def test_everything_is_what_was_held_and_would_change(script: StubServer, storage: StorageSpy) -> None:
    """In requests as large as a server takes."""
    await many(script, storage, 1003)
    async with laptop(NOWHERE, storage=storage) as device:
        await device.mark_read("id-2")
        await device.mark_read(Everything())
        assert (device.pending_marks, device.unread_count) == (2, 1003 - 1002)
        await device.mark_read(Everything())
        await device.mark_read(Group("nobody's"))
        assert device.pending_marks == 2
    await answering(script, 0)
    script.stream("Subscribe", scripted_streams([welcome(resumed=True), synced(1003)]))
    async with laptop(script.target, storage=storage) as device:
        await sent(device)
    requests = script.requests("MarkNotifications")
    assert [len(request.references.refs) for request in requests] == [1, 500, 500, 1]
    named = [ref.id for request in requests[1:] for ref in request.references.refs]
    assert named == [f"id-{number}" for number in range(3, 1004)]
    assert {request.up_to_revision for request in requests} == {1003}


async def test_what_waits_is_bounded(
    script: StubServer, storage: StorageSpy, monkeypatch: pytest.MonkeyPatch
) -> None:
    await many(script, storage, 50)
    monkeypatch.setattr(outbox, "MAX_WEIGHT", 100)
    async with laptop(NOWHERE, storage=storage) as device:
        await device.mark_read(Everything())
        with pytest.raises(Unavailable, match="too many notifications"):
            await device.dismiss(Everything())
        assert (device.pending_marks, storage.marks) == (1, 1)
        await device.dismiss("id-1")
    async with laptop(NOWHERE, storage=storage) as device:
        with pytest.raises(Unavailable, match="too many notifications"):
            await device.dismiss(Everything())


async def test_what_an_earlier_version_saved_is_sent_as_it_is(
    script: StubServer, storage: StorageSpy
) -> None:
    """It had no bases, and kept groups as groups."""
    marks = [
        pb.MarkNotificationsRequest(group_name="mail", read_state=notification_pb2.READ_STATE_READ),
        pb.MarkNotificationsRequest(
            references={"refs": [{"id": "id-1"}]},  # type: ignore[arg-type]
            user_action_state=notification_pb2.USER_ACTION_STATE_DISMISSED,
            up_to_revision=1,
        ),
    ]
    script.stream("Subscribe", scripted_streams([*LIVE, created(1)]))
    async with laptop(script.target, storage=storage) as device:
        await until(device, lambda device: device.revision == 1)
    for number, mark in enumerate(marks, start=1):
        storage.stored[f"mark/{number:012}"] = mark.SerializeToString()
    async with laptop(NOWHERE, storage=storage) as device:
        assert (device.pending_marks, states(device)["title 1"][1]) == (2, DISMISSED)
    await answering(script, 1)
    script.stream("Subscribe", scripted_streams([welcome(resumed=True), synced(1)]))
    async with laptop(script.target, storage=storage) as device:
        await sent(device)
    assert script.requests("MarkNotifications") == marks


async def test_parts_of_one_mark_are_refused_by_themselves(backend: Backend, storage: StorageSpy) -> None:
    service, publisher = backend
    token = await stored_offline(backend, storage, "ab")
    async with laptop(NOWHERE, token, storage=storage) as device:
        await device.mark(Everything(), read_state=READ, user_action_state=DISMISSED)
    await publisher.mark("ada", Key("a"), user_action_state=UserActionState.ACTIVATED)
    service.fail(NotFound("no", reason="NOTIFICATION_NOT_FOUND"), method="MarkNotifications")
    async with laptop(service.transport, token, storage=storage) as device:
        await sent(device)
        await until(device, lambda device: device.revision == 4)
        assert states(device) == {
            row.title: (row.read_state, row.user_action_state) for row in service.notifications("ada")
        }
        assert [state[0] for state in states(device).values()].count(READ) == 1


async def test_one_made_live_is_the_newer_one_for_the_server_to_order(
    script: StubServer, storage: StorageSpy
) -> None:
    """Whoever marks at the same time: it shows until it is answered, and nobody is told otherwise."""
    said: asyncio.Queue[Message] = asyncio.Queue()
    gate = asyncio.Event()

    async def stream(_: object) -> AsyncIterator[Message]:
        for message in (*LIVE, created(1)):
            yield message
        while True:
            yield await said.get()

    async def slow(_: object) -> pb.MarkNotificationsResponse:
        await gate.wait()
        return pb.MarkNotificationsResponse(changed=1, last_revision=3)

    script.stream("Subscribe", stream)
    script.answer("MarkNotifications", slow)
    async with laptop(script.target, storage=storage) as device:
        await until(device, lambda device: device.revision == 1)
        marking = asyncio.create_task(device.dismiss("id-1"))
        await until(device, lambda device: device.pending_marks)
        other = created(2, alert=False)
        (event,) = other.event_batch.events
        event.notification_id = event.notification.id = "id-1"
        event.change_type = feed_pb.CHANGE_TYPE_STATE_CHANGED
        event.notification.alert_revision = 1
        event.notification.user_action_state = notification_pb2.USER_ACTION_STATE_ACTIVATED
        said.put_nowait(other)
        await until(device, lambda device: device.revision == 2)
        assert [row.user_action_state for row in device.notifications] == [DISMISSED]
        gate.set()
        assert await marking is not None
