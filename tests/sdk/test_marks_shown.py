"""Own marks show at once, offline and after a restart, until the store has them or the server says no."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.sdk.device_script import (
    LIVE,
    Message,
    RecordedEvents,
    at,
    created,
    laptop,
    live,
    scripted_streams,
    sent,
    synced,
    until,
    welcome,
)
from tests.sdk.storage_spy import StorageSpy
from tests.support.stub_server import Fault, StubServer
from unisono.client import (
    ChangeType,
    Device,
    Everything,
    FileStorage,
    Group,
    InvalidRequest,
    Key,
    NotFound,
    Publisher,
    ReadState,
    Unavailable,
    UserActionState,
)
from unisono.client._device import outbox
from unisono.client.testing import FakeService
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb

NOWHERE = "127.0.0.1:1"
READ, DISMISSED = ReadState.READ, UserActionState.DISMISSED
HOUR = timedelta(hours=1)


@pytest.fixture
def storage() -> StorageSpy:
    return StorageSpy()


@pytest.fixture
async def backend() -> AsyncIterator[tuple[FakeService, Publisher]]:
    service = FakeService()
    async with Publisher(service.transport, service.app_token()) as publisher:
        yield service, publisher


Backend = tuple[FakeService, Publisher]


async def stored_offline(backend: Backend, storage: Any, titles: str = "abc") -> str:
    """Let a laptop hold a notification for each letter, in a group of its own; return its user's token."""
    service, publisher = backend
    for title in titles:
        await publisher.send("ada", title=title, app_notification_id=title, group_name=f"group {title}")
    token = service.user_token("ada")
    async with laptop(service.transport, token, storage=storage) as device:
        await until(device, lambda device: len(device.notifications) == len(titles))
    return token


def states(device: Device) -> dict[str, tuple[ReadState, UserActionState]]:
    return {row.title: (row.read_state, row.user_action_state) for row in device.notifications}


async def test_marked_looked_at_restarted_and_come_back(backend: Backend, tmp_path: Path) -> None:
    path = tmp_path / "laptop"
    token = await stored_offline(backend, FileStorage(path))
    async with laptop(NOWHERE, token, storage=FileStorage(path)) as device:
        assert device.unread_count == 3
        await device.mark_read(Key("a"))
        await device.snooze(Group("group b"), HOUR)
        shown = states(device)
        assert shown["a"][0] is READ
        assert shown["b"][1] is UserActionState.SNOOZED
        assert (device.unread_count, device.badge, device.pending_marks) == (1, 1, 2)
        assert device.shown == device.notifications

    async with laptop(NOWHERE, token, storage=FileStorage(path)) as device:
        assert (states(device), device.unread_count, device.pending_marks) == (shown, 1, 2)

    counts: list[int] = []
    service, _ = backend
    async with laptop(service.transport, token, storage=FileStorage(path)) as device:

        def reached(device: Device) -> bool:
            counts.append(device.unread_count)
            return device.revision == 5

        await until(device, reached)
        await sent(device)
        assert (states(device), set(counts)) == (shown, {1})
        assert states(device) == {
            row.title: (row.read_state, row.user_action_state) for row in service.notifications("ada")
        }

    async with laptop(NOWHERE, token, storage=FileStorage(path)) as device:
        assert (states(device), device.pending_marks) == (shown, 0)


async def test_a_later_one_is_laid_over_an_earlier(backend: Backend) -> None:
    storage = StorageSpy()
    token = await stored_offline(backend, storage, "a")
    async with laptop(NOWHERE, token, storage=storage) as device:
        (row,) = device.notifications
        for action_id in ("reply", "archive"):
            await device.mark(row, user_action_state=UserActionState.ACTIVATED, action_id=action_id)
        assert device.notifications[0].action_id == "reply"
        await device.mark(row, user_action_state=UserActionState.ACTIVATED)
        assert device.notifications[0].action_id == "reply"
        await device.dismiss(row)
        assert (device.notifications[0].action_id, device.unread_count) == ("", 0)
        await device.mark(row, read_state=READ, user_action_state=UserActionState.NO_INTERACTION)
        assert (states(device)["a"][0], device.unread_count) == (READ, 0)


async def test_one_that_is_refused_is_taken_back_and_told(backend: Backend, storage: StorageSpy) -> None:
    service, _ = backend
    token = await stored_offline(backend, storage, "a")
    async with laptop(NOWHERE, token, storage=storage) as device:
        await device.mark_read(Everything())
        assert device.unread_count == 0
    service.fail(InvalidRequest("no"), method="MarkNotifications")
    device = laptop(service.transport, token, storage=storage)
    recorded = RecordedEvents(device)
    async with device:
        await sent(device)
        assert (states(device)["a"][0], device.unread_count) == (ReadState.UNREAD, 1)
    await recorded.end()
    (event,) = recorded.events
    assert (event.change_type, event.origin_endpoint_id, event.ring, event.removed) == (
        ChangeType.STATE_CHANGED,
        "",
        False,
        False,
    )
    assert (event.notification.read_state, event.revision) == (ReadState.UNREAD, 1)
    assert not any(key.startswith(("mark/", "base/", "answered/")) for key in storage.stored)


async def test_also_one_that_somebody_waits_for(backend: Backend) -> None:
    service, publisher = backend
    await publisher.send("ada", title="a")
    async with laptop(service.transport, service.user_token("ada")) as device:
        await until(device, lambda device: device.unread_count == 1)
        service.fail(InvalidRequest("no"), method="MarkNotifications")
        with pytest.raises(InvalidRequest):
            await device.mark_read(Everything())
        assert device.unread_count == 1


async def test_a_snooze_that_passed_offline_is_committed_and_rings_once(
    backend: Backend, storage: StorageSpy
) -> None:
    """Nothing rings by itself meanwhile."""
    service, _ = backend
    token = await stored_offline(backend, storage, "a")
    device = laptop(NOWHERE, token, storage=storage)
    recorded = RecordedEvents(device)
    async with device:
        await device.snooze(Everything(), timedelta(milliseconds=1))
        await asyncio.sleep(0.002)
        assert states(device)["a"][1] is UserActionState.SNOOZED
    await recorded.end()
    assert recorded.events == []

    device = laptop(service.transport, token, storage=storage)
    recorded = RecordedEvents(device)
    async with device:
        await sent(device)
        assert service.notifications("ada")[0].user_action_state is UserActionState.SNOOZED
        service.advance(timedelta(seconds=1))
        await until(device, lambda device: device.unread_count == 1)
    await recorded.end()
    assert recorded.rings == ["a"]


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


async def test_an_alert_that_it_handled_does_not_ring(script: StubServer) -> None:
    """And takes the ring of nothing else away."""

    async def busy(_: object) -> pb.MarkNotificationsResponse:
        raise Fault(grpc.StatusCode.INTERNAL)

    script.answer("MarkNotifications", busy)
    gate = asyncio.Event()

    async def stream(_: object) -> AsyncIterator[Message]:
        await gate.wait()
        for message in (*LIVE, created(1), created(2)):
            yield message
        await asyncio.Event().wait()

    script.stream("Subscribe", stream)
    device = laptop(script.target)
    recorded = RecordedEvents(device)
    async with device:
        await device.dismiss("id-1")
        gate.set()
        await until(device, lambda device: device.revision == 2)
        assert device.unread_count == 1
    await recorded.end()
    assert recorded.rings == ["title 2"]
    assert recorded.events[0].notification.user_action_state is DISMISSED


async def test_but_an_alert_of_newer_content_does(script: StubServer, storage: StorageSpy) -> None:
    script.stream("Subscribe", scripted_streams([*LIVE, created(1)]))
    async with laptop(script.target, storage=storage) as device:
        await until(device, lambda device: device.revision == 1)
    async with laptop(NOWHERE, storage=storage) as device:
        await device.dismiss(Everything())

    async def busy(_: object) -> pb.MarkNotificationsResponse:
        raise Fault(grpc.StatusCode.INTERNAL)

    script.answer("MarkNotifications", busy)
    again = created(3)
    (event,) = again.event_batch.events
    event.notification_id = event.notification.id = "id-1"
    event.change_type = feed_pb.CHANGE_TYPE_UPDATED
    script.stream("Subscribe", scripted_streams([welcome(resumed=True), synced(1), again]))
    device = laptop(script.target, storage=storage)
    recorded = RecordedEvents(device)
    async with device:
        await until(device, lambda device: device.revision == 3)
        assert states(device)["title 3"][1] is not DISMISSED
    await recorded.end()
    assert recorded.rings == ["title 3"]


async def answering(script: StubServer, revision: int) -> None:
    async def answer(_: object) -> pb.MarkNotificationsResponse:
        return pb.MarkNotificationsResponse(changed=1, last_revision=revision)

    script.answer("MarkNotifications", answer)


async def test_it_shows_until_the_inbox_has_what_the_server_made_of_it(
    script: StubServer, storage: StorageSpy
) -> None:
    """The answer may come before the event, and the process may end between the two."""
    said: asyncio.Queue[Message] = asyncio.Queue()

    async def stream(_: object) -> AsyncIterator[Message]:
        for message in (*LIVE, created(1)):
            yield message
        while True:
            yield await said.get()

    script.stream("Subscribe", stream)
    await answering(script, 3)
    async with laptop(script.target, storage=storage) as device:
        await until(device, lambda device: device.revision == 1)
        assert await device.mark_read("id-1") is not None
        said.put_nowait(created(2))
        await until(device, lambda device: device.revision == 2)
        assert (states(device)["title 1"][0], device.pending_marks) == (READ, 0)
    assert storage.marks == 0

    async with laptop(NOWHERE, storage=storage) as device:
        assert (states(device)["title 1"][0], device.unread_count) == (READ, 1)

    script.stream("Subscribe", scripted_streams([welcome(resumed=True), synced(2)]))
    device = laptop(script.target, storage=storage)
    recorded = RecordedEvents(device)
    async with device:
        await live(device)
        # The server knows nothing of it, as after a restore from a backup.
        assert (states(device)["title 1"][0], device.unread_count) == (ReadState.UNREAD, 2)
        assert len(script.requests("MarkNotifications")) == 1
    await recorded.end()
    assert [event.notification.title for event in recorded.events] == ["title 1"]
    assert not any(key.startswith(("answered/", "base/")) for key in storage.stored)


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


async def many(script: StubServer, storage: StorageSpy, number: int) -> None:
    """Let a laptop hold many notifications, the first of which is read."""
    batch = at(number)
    for revision in range(1, number + 1):
        batch.event_batch.events.extend(created(revision, alert=False).event_batch.events)
    batch.event_batch.events[0].notification.read_state = notification_pb2.READ_STATE_READ
    script.stream("Subscribe", scripted_streams([welcome(), batch]))
    async with laptop(script.target, storage=storage) as device:
        await until(device, lambda device: device.revision == number)


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
    service.fail(NotFound("no"), method="MarkNotifications")
    async with laptop(service.transport, token, storage=storage) as device:
        await sent(device)
        await until(device, lambda device: device.revision == 4)
        assert states(device) == {
            row.title: (row.read_state, row.user_action_state) for row in service.notifications("ada")
        }
        assert [state[0] for state in states(device).values()].count(READ) == 1
