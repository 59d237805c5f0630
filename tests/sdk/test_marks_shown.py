"""Own marks show at once, offline and after a restart, until the store has them or the server says no."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.sdk.device_script import (
    LIVE,
    Message,
    RecordedEvents,
    created,
    laptop,
    live,
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
    busy,
    dismissed_offline,
    renewed,
    states,
    stored_offline,
)
from tests.sdk.storage_spy import StorageSpy
from tests.support.stub_server import StubServer
from unisono.client import (
    ChangeType,
    Device,
    Everything,
    FileStorage,
    Group,
    InvalidRequest,
    Key,
    Publisher,
    ReadState,
    UserActionState,
)
from unisono.client.testing import FakeService


@pytest.fixture
async def backend() -> AsyncIterator[tuple[FakeService, Publisher]]:
    service = FakeService()
    async with Publisher(service.transport, service.app_token()) as publisher:
        yield service, publisher


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
    service.fail(InvalidRequest("no", reason="INVALID_REQUEST"), method="MarkNotifications")
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
        service.fail(InvalidRequest("no", reason="INVALID_REQUEST"), method="MarkNotifications")
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


async def test_an_alert_that_it_handled_does_not_ring(script: StubServer) -> None:
    """And takes the ring of nothing else away."""
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


@pytest.mark.parametrize("silent", [False, True])
async def test_but_newer_content_is_as_it_is(script: StubServer, storage: StorageSpy, silent: bool) -> None:
    """And rings, if it does: nobody has seen it yet."""
    id_ = await dismissed_offline(script, storage, 1)
    script.answer("MarkNotifications", busy)
    again = renewed(id_, 3, alert_revision=1 if silent else 3)
    script.stream("Subscribe", scripted_streams([welcome(resumed=True), synced(1), again]))
    device = laptop(script.target, storage=storage)
    recorded = RecordedEvents(device)
    async with device:
        await until(device, lambda device: device.revision == 3)
        assert states(device)["title 3"][1] is not DISMISSED
    await recorded.end()
    assert recorded.rings == ([] if silent else ["title 3"])


async def test_nor_is_the_content_of_another_history(script: StubServer, storage: StorageSpy) -> None:
    """A store that was restored counts its revisions again."""
    id_ = await dismissed_offline(script, storage, 5)
    await answering(script, 3)
    script.stream("Subscribe", scripted_streams([welcome(), renewed(id_, 2, alert_revision=2), synced(2)]))
    async with laptop(script.target, storage=storage) as device:
        await live(device)
        await sent(device)
        assert states(device)["title 2"][1] is not DISMISSED
    assert script.requests("MarkNotifications") == []


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
