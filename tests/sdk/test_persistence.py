"""What a device keeps outlives it: one complete point, whole, and never behind what it has told."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from tests.sdk.device_script import (
    LIVE,
    Message,
    RecordedEvents,
    created,
    ended,
    heartbeat,
    laptop,
    live,
    scripted_streams,
    until,
    welcome,
)
from tests.sdk.storage_spy import StorageSpy
from tests.support.processes import TIMEOUT
from tests.support.stub_server import Fault, StubServer
from unisono.client import FileStorage, Status, StorageFailed
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

NOWHERE = "127.0.0.1:1"


@pytest.fixture(autouse=True)
def recorded(script: StubServer, storage: StorageSpy) -> list[tuple[bytes, bytes]]:
    """Each position that was acknowledged, with the one that was kept by then."""
    recorded: list[tuple[bytes, bytes]] = []

    async def answer(request: pb.AcknowledgeRequest) -> pb.AcknowledgeResponse:
        recorded.append((request.resume_token, storage.token))
        return pb.AcknowledgeResponse()

    script.answer("Acknowledge", answer)
    return recorded


async def test_a_storage_of_ones_own_will_do(script: StubServer, storage: StorageSpy) -> None:
    script.stream("Subscribe", scripted_streams([*LIVE, created(1), created(2)], [welcome(resumed=True)]))
    async with laptop(script.target, storage=storage) as device:
        await until(device, lambda device: device.revision == 2)
        held = device.notifications

    async with laptop(script.target, storage=storage) as device:
        assert (device.notifications, device.revision, device.unread_count) == (held, 2, 2)
        await script.until("Subscribe", count=2)

    assert [request.resume_token for request in script.requests("Subscribe")] == [b"", b"token-2"]
    assert (storage.closed, storage.misused) == (2, False)


async def test_a_file_holds_it_offline(script: StubServer, tmp_path: Path) -> None:
    path = tmp_path / "inbox"
    script.stream("Subscribe", scripted_streams([*LIVE, created(1), created(2)]))
    async with laptop(script.target, storage=FileStorage(path)) as device:
        await until(device, lambda device: device.revision == 2)
        held = device.notifications

    async with laptop(NOWHERE, storage=FileStorage(path)) as device:
        assert (device.notifications, device.revision, device.unread_count) == (held, 2, 2)
        assert device.status is Status.OFFLINE


async def test_nothing_is_told_or_shown_before_it_is_kept(script: StubServer, storage: StorageSpy) -> None:
    script.stream("Subscribe", scripted_streams([*LIVE, created(1)]))
    device = laptop(script.target, storage=storage)
    recorded = RecordedEvents(device)
    async with device:
        await live(device)
        storage.waiting.clear()
        storage.gate.clear()
        await storage.waiting.wait()
        assert (recorded.events, device.notifications, device.unread_count, device.revision) == ([], (), 0, 0)
        storage.gate.set()
        await until(device, lambda device: device.revision == 1)
        assert storage.rows == {"id-1"}
    await recorded.end()
    assert recorded.rings == ["title 1"]


async def test_nothing_is_kept_before_a_complete_point(script: StubServer, storage: StorageSpy) -> None:
    """A process that ends in the midst of a catch-up starts it again, whole."""
    half = created(7)
    half.complete = False
    fault = Fault(grpc.StatusCode.ABORTED, "SUPERSEDED")
    script.stream(
        "Subscribe", scripted_streams([*LIVE, created(1), Fault(grpc.StatusCode.UNAVAILABLE)], [half, fault])
    )

    async with laptop(script.target, storage=storage) as device:
        await ended(device)
        assert [row.id for row in device.notifications] == ["id-1"]

    assert (storage.rows, storage.token) == ({"id-1"}, b"token-1")


async def test_a_storage_that_cannot_be_read_keeps_it_closed(storage: StorageSpy) -> None:
    storage.error = StorageFailed("no disk")
    device = laptop(NOWHERE, storage=storage)

    with pytest.raises(StorageFailed, match="no disk"):
        await device.open()

    assert device.status is Status.CLOSED


@pytest.mark.parametrize(
    ("key", "value"),
    [("point", b"\xff"), ("notification/id-1", b"\xff\xff"), ("mark/000000000001", b"\xff"), ("mark/x", b"")],
)
async def test_what_is_damaged_is_refused_and_left_alone(storage: StorageSpy, key: str, value: bytes) -> None:
    storage.stored = kept = {"endpoint": b"laptop", key: value}
    device = laptop(NOWHERE, storage=storage)

    with pytest.raises(StorageFailed, match="damaged"):
        await device.open()

    assert (storage.stored, storage.saves, storage.closed) == (kept, 0, 1)


@pytest.mark.parametrize("owner", [b"phone", b"\xff"])
async def test_what_is_another_devices_is_refused_and_left_alone(storage: StorageSpy, owner: bytes) -> None:
    storage.stored = kept = {"endpoint": owner, "point": b""}

    with pytest.raises(StorageFailed):
        await laptop(NOWHERE, storage=storage).open()

    assert (storage.stored, storage.saves) == (kept, 0)


async def test_what_cannot_be_kept_now_is_kept_with_the_next(
    script: StubServer, storage: StorageSpy, recorded: list[tuple[bytes, bytes]]
) -> None:
    """What was kept stays whole meanwhile, the device goes on, and nobody is told that it has arrived."""
    said: asyncio.Queue[Message] = asyncio.Queue()

    async def stream(_: pb.SubscribeRequest) -> AsyncIterator[Message]:
        for message in (*LIVE, created(1)):
            yield message
        while True:
            yield await said.get()

    script.stream("Subscribe", stream)
    async with laptop(script.target, storage=storage) as device:
        await acknowledged(script, b"token-1")
        storage.error = StorageFailed("the disk is full")
        said.put_nowait(created(2))
        await until(device, lambda device: device.revision == 2)
        assert (storage.rows, storage.token) == ({"id-1"}, b"token-1")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await script.until("Acknowledge", count=len(recorded) + 1)
        storage.error = None
        said.put_nowait(heartbeat(2))
        await acknowledged(script, b"token-2")
    assert (storage.rows, storage.token) == ({"id-1", "id-2"}, b"token-2")
    assert all(position <= kept for position, kept in recorded)


async def test_or_at_the_closing(script: StubServer, storage: StorageSpy) -> None:
    script.stream("Subscribe", scripted_streams([*LIVE, created(1)]))
    device = laptop(script.target, storage=storage)
    await device.open()
    storage.error = StorageFailed("the disk is full")
    await until(device, lambda device: device.revision == 1 and device.status is Status.LIVE)
    storage.error = None

    await device.close()

    assert (storage.rows, storage.token) == ({"id-1"}, b"token-1")


async def acknowledged(script: StubServer, token: bytes) -> None:
    async with asyncio.timeout(TIMEOUT):
        while script.requests("Acknowledge")[-1:] != [
            pb.AcknowledgeRequest(endpoint_id="laptop", resume_token=token)
        ]:
            await script.until("Acknowledge", count=len(script.requests("Acknowledge")) + 1)


async def test_what_a_storage_raises_else_is_a_failure_of_it(script: StubServer, storage: StorageSpy) -> None:
    script.stream("Subscribe", scripted_streams([*LIVE, created(1)]))
    async with laptop(script.target, storage=storage) as device:
        storage.error = KeyError("a mistake")
        await until(device, lambda device: device.revision == 1)
        with pytest.raises(StorageFailed, match="a mistake"):
            await device.mark_read("id-1")
        storage.error = None
    assert storage.rows == {"id-1"}


async def test_a_ring_that_is_being_kept_is_told_before_the_end(
    script: StubServer, storage: StorageSpy
) -> None:
    """Once it is kept, no later process rings for it any more."""
    script.stream("Subscribe", scripted_streams([*LIVE, created(1)]))
    device = laptop(script.target, storage=storage)
    recorded = RecordedEvents(device)
    await device.open()
    await live(device)
    storage.waiting.clear()
    storage.gate.clear()
    await storage.waiting.wait()

    closing = asyncio.create_task(device.close())
    await asyncio.wait([closing], timeout=0.05)
    storage.gate.set()
    await closing
    await recorded.end()

    assert (recorded.rings, storage.rows) == (["title 1"], {"id-1"})


async def test_a_mark_that_was_answered_is_kept_no_longer(script: StubServer, storage: StorageSpy) -> None:
    """Nor made again by the next process, even if the storage was busy when the device was closed."""

    async def marked(_: object) -> service_pb.MarkNotificationsResponse:
        storage.gate.clear()
        return service_pb.MarkNotificationsResponse()

    script.stream("Subscribe", scripted_streams(LIVE))
    script.answer("MarkNotifications", marked)
    device = laptop(script.target, storage=storage)
    await device.open()
    await live(device)
    assert await device.mark_read("id-1") is not None

    closing = asyncio.create_task(device.close())
    await asyncio.wait([closing], timeout=0.05)
    storage.gate.set()
    await closing

    assert storage.marks == 0


async def test_it_is_closed_once(script: StubServer, storage: StorageSpy) -> None:
    script.stream("Subscribe", scripted_streams(LIVE))
    async with laptop(script.target, storage=storage) as device:
        await live(device)
        await asyncio.gather(device.close(), device.close())

    assert (storage.closed, storage.misused) == (1, False)
