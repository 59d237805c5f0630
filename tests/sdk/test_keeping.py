"""What a device keeps outlives it: one complete point, whole, and never behind what it has told."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from tests.sdk.shed import Shed
from tests.sdk.told import (
    LIVE,
    Message,
    Told,
    created,
    ended,
    heartbeat,
    laptop,
    live,
    telling,
    until,
    welcome,
)
from tests.support.processes import PATIENCE
from tests.support.stub_server import Fault, StubServer
from unisono.client import FileStorage, Status, StorageFailed
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

NOWHERE = "127.0.0.1:1"


@pytest.fixture
def shed() -> Shed:
    return Shed()


@pytest.fixture(autouse=True)
def told(script: StubServer, shed: Shed) -> list[tuple[bytes, bytes]]:
    """Each position that was acknowledged, with the one that was kept by then."""
    told: list[tuple[bytes, bytes]] = []

    async def answer(request: pb.AcknowledgeRequest) -> pb.AcknowledgeResponse:
        told.append((request.resume_token, shed.token))
        return pb.AcknowledgeResponse()

    script.answer("Acknowledge", answer)
    return told


async def test_a_storage_of_ones_own_will_do(script: StubServer, shed: Shed) -> None:
    script.stream("Subscribe", telling([*LIVE, created(1), created(2)], [welcome(resumed=True)]))
    async with laptop(script.target, storage=shed) as device:
        await until(device, lambda device: device.revision == 2)
        held = device.notifications

    async with laptop(script.target, storage=shed) as device:
        assert (device.notifications, device.revision, device.unread_count) == (held, 2, 2)
        await script.until("Subscribe", count=2)

    assert [request.resume_token for request in script.requests("Subscribe")] == [b"", b"token-2"]
    assert (shed.closed, shed.misused) == (2, False)


async def test_a_file_holds_it_offline(script: StubServer, tmp_path: Path) -> None:
    path = tmp_path / "inbox"
    script.stream("Subscribe", telling([*LIVE, created(1), created(2)]))
    async with laptop(script.target, storage=FileStorage(path)) as device:
        await until(device, lambda device: device.revision == 2)
        held = device.notifications

    async with laptop(NOWHERE, storage=FileStorage(path)) as device:
        assert (device.notifications, device.revision, device.unread_count) == (held, 2, 2)
        assert device.status is Status.OFFLINE


async def test_nothing_is_told_or_shown_before_it_is_kept(script: StubServer, shed: Shed) -> None:
    script.stream("Subscribe", telling([*LIVE, created(1)]))
    device = laptop(script.target, storage=shed)
    heard = Told(device)
    async with device:
        await live(device)
        shed.waiting.clear()
        shed.gate.clear()
        await shed.waiting.wait()
        assert (heard.events, device.notifications, device.unread_count, device.revision) == ([], (), 0, 0)
        shed.gate.set()
        await until(device, lambda device: device.revision == 1)
        assert shed.rows == {"id-1"}
    await heard.end()
    assert heard.rings == ["title 1"]


async def test_nothing_is_kept_before_a_complete_point(script: StubServer, shed: Shed) -> None:
    """A process that ends in the midst of a catch-up starts it again, whole."""
    half = created(7)
    half.complete = False
    fault = Fault(grpc.StatusCode.PERMISSION_DENIED)
    script.stream(
        "Subscribe", telling([*LIVE, created(1), Fault(grpc.StatusCode.UNAVAILABLE)], [half, fault])
    )

    async with laptop(script.target, storage=shed) as device:
        await ended(device)
        assert [row.id for row in device.notifications] == ["id-1"]

    assert (shed.rows, shed.token) == ({"id-1"}, b"token-1")


async def test_a_storage_that_cannot_be_read_keeps_it_closed(shed: Shed) -> None:
    shed.trouble = StorageFailed("no disk")
    device = laptop(NOWHERE, storage=shed)

    with pytest.raises(StorageFailed, match="no disk"):
        await device.open()

    assert device.status is Status.CLOSED


@pytest.mark.parametrize(
    ("key", "value"),
    [("point", b"\xff"), ("notification/id-1", b"\xff\xff"), ("mark/000000000001", b"\xff"), ("mark/x", b"")],
)
async def test_what_is_damaged_is_refused_and_left_alone(shed: Shed, key: str, value: bytes) -> None:
    shed.kept = kept = {"endpoint": b"laptop", key: value}
    device = laptop(NOWHERE, storage=shed)

    with pytest.raises(StorageFailed, match="damaged"):
        await device.open()

    assert (shed.kept, shed.saves, shed.closed) == (kept, 0, 1)


@pytest.mark.parametrize("owner", [b"phone", b"\xff"])
async def test_what_is_another_devices_is_refused_and_left_alone(shed: Shed, owner: bytes) -> None:
    shed.kept = kept = {"endpoint": owner, "point": b""}

    with pytest.raises(StorageFailed):
        await laptop(NOWHERE, storage=shed).open()

    assert (shed.kept, shed.saves) == (kept, 0)


async def test_what_cannot_be_kept_now_is_kept_with_the_next(
    script: StubServer, shed: Shed, told: list[tuple[bytes, bytes]]
) -> None:
    """What was kept stays whole meanwhile, the device goes on, and nobody is told that it has arrived."""
    said: asyncio.Queue[Message] = asyncio.Queue()

    async def stream(_: pb.SubscribeRequest) -> AsyncIterator[Message]:
        for message in (*LIVE, created(1)):
            yield message
        while True:
            yield await said.get()

    script.stream("Subscribe", stream)
    async with laptop(script.target, storage=shed) as device:
        await acknowledged(script, b"token-1")
        shed.trouble = StorageFailed("the disk is full")
        said.put_nowait(created(2))
        await until(device, lambda device: device.revision == 2)
        assert (shed.rows, shed.token) == ({"id-1"}, b"token-1")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await script.until("Acknowledge", count=len(told) + 1)
        shed.trouble = None
        said.put_nowait(heartbeat(2))
        await acknowledged(script, b"token-2")
    assert (shed.rows, shed.token) == ({"id-1", "id-2"}, b"token-2")
    assert all(position <= kept for position, kept in told)


async def test_or_at_the_closing(script: StubServer, shed: Shed) -> None:
    script.stream("Subscribe", telling([*LIVE, created(1)]))
    device = laptop(script.target, storage=shed)
    await device.open()
    shed.trouble = StorageFailed("the disk is full")
    await until(device, lambda device: device.revision == 1 and device.status is Status.LIVE)
    shed.trouble = None

    await device.close()

    assert (shed.rows, shed.token) == ({"id-1"}, b"token-1")


async def acknowledged(script: StubServer, token: bytes) -> None:
    async with asyncio.timeout(PATIENCE):
        while script.requests("Acknowledge")[-1:] != [
            pb.AcknowledgeRequest(endpoint_id="laptop", resume_token=token)
        ]:
            await script.until("Acknowledge", count=len(script.requests("Acknowledge")) + 1)


async def test_what_a_storage_raises_else_ends_the_device(script: StubServer, shed: Shed) -> None:
    script.stream("Subscribe", telling(LIVE))
    device = laptop(script.target, storage=shed)
    await device.open()
    shed.trouble = KeyError("a mistake")

    assert await ended(device) is shed.trouble

    shed.trouble = None
    await device.close()


async def test_a_ring_that_is_being_kept_is_told_before_the_end(script: StubServer, shed: Shed) -> None:
    """Once it is kept, no later process rings for it any more."""
    script.stream("Subscribe", telling([*LIVE, created(1)]))
    device = laptop(script.target, storage=shed)
    heard = Told(device)
    await device.open()
    await live(device)
    shed.waiting.clear()
    shed.gate.clear()
    await shed.waiting.wait()

    closing = asyncio.create_task(device.close())
    await asyncio.wait([closing], timeout=0.05)
    shed.gate.set()
    await closing
    await heard.end()

    assert (heard.rings, shed.rows) == (["title 1"], {"id-1"})


async def test_a_mark_that_was_answered_is_kept_no_longer(script: StubServer, shed: Shed) -> None:
    """Nor made again by the next process, even if the storage was busy when the device was closed."""

    async def marked(_: object) -> service_pb.MarkNotificationsResponse:
        shed.gate.clear()
        return service_pb.MarkNotificationsResponse()

    script.stream("Subscribe", telling(LIVE))
    script.answer("MarkNotifications", marked)
    device = laptop(script.target, storage=shed)
    await device.open()
    await live(device)
    assert await device.mark_read("id-1") is not None

    closing = asyncio.create_task(device.close())
    await asyncio.wait([closing], timeout=0.05)
    shed.gate.set()
    await closing

    assert shed.marks == 0


async def test_it_is_closed_once(script: StubServer, shed: Shed) -> None:
    script.stream("Subscribe", telling(LIVE))
    async with laptop(script.target, storage=shed) as device:
        await live(device)
        await asyncio.gather(device.close(), device.close())

    assert (shed.closed, shed.misused) == (1, False)
