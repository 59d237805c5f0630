"""When the user was deleted, a device discards all: what it holds, what it saved, what it has not sent."""

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.sdk.device_script import (
    Message,
    RecordedEvents,
    at,
    created,
    goodbye,
    laptop,
    live,
    scripted_streams,
    synced,
    until,
    welcome,
)
from tests.sdk.storage_spy import StorageSpy
from tests.support.stub_server import Fault, StubServer
from unisono.client import (
    BlockingPublisher,
    FeedBarred,
    FeedDeleted,
    FileStorage,
    Status,
    StorageFailed,
)
from unisono.client.testing import FakeService
from unisono.v1 import feed_service_pb2 as pb

Code = grpc.StatusCode
FIRST = (welcome(feed_epoch=b"first"), synced(), created(1))
CUT = Fault(Code.UNAVAILABLE)
DELETED = (goodbye(pb.GOODBYE_REASON_FEED_DELETED, 0.0), Fault(Code.UNAVAILABLE, "FEED_DELETED"))
BARRED = Fault(Code.FAILED_PRECONDITION, "FEED_BARRED")
#: How a device gets to know of it.
WAYS: dict[str, tuple[tuple[Message | Exception, ...], ...]] = {
    "on its stream": ((*FIRST, *DELETED), (welcome(feed_epoch=b"second"), synced())),
    "when it comes back": ((*FIRST, CUT), (welcome(feed_epoch=b"second"), synced())),
}


@pytest.fixture(autouse=True)
def nothing_answers(script: StubServer) -> None:
    """Marks and acknowledgements find no server."""

    async def refuse(_: Any) -> Any:
        raise CUT

    script.answer("MarkNotifications", refuse)
    script.answer("Acknowledge", refuse)


@pytest.mark.parametrize("way", WAYS)
async def test_it_lets_go_of_everything_and_tells(script: StubServer, storage: StorageSpy, way: str) -> None:
    script.stream("Subscribe", scripted_streams(*WAYS[way]))
    async with laptop(script.target, storage=storage) as device:
        recorded = RecordedEvents(device)
        await until(device, lambda device: device.feed_deleted and device.status is Status.LIVE)

        assert (device.notifications, device.revision, device.unread_count) == ((), 0, 0)
        assert storage.rows == set()
    await recorded.end()
    assert [event.notification.id for event in recorded.events] == ["id-1", "id-1"]
    assert [event.ring for event in recorded.events] == [True, False]
    second = script.requests("Subscribe")[1]
    assert bool(second.resume_token) == (way == "when it comes back")


@pytest.mark.parametrize("way", WAYS)
async def test_marks_that_were_not_sent_are_not_sent_to_another_feed(
    script: StubServer, storage: StorageSpy, way: str
) -> None:
    """They would be about notifications that this device has never seen."""
    first, second = WAYS[way]
    script.stream("Subscribe", scripted_streams([CUT]))
    async with laptop(script.target, storage=storage) as device:
        await device.mark_read("id-1")
    assert storage.marks == 1
    storage.stored["feed_epoch"] = b"first"
    script.stream("Subscribe", scripted_streams(second if way == "when it comes back" else first, second))

    asked = len(script.requests("MarkNotifications"))
    async with laptop(script.target, storage=storage) as device:
        await until(device, lambda device: device.feed_deleted and device.status is Status.LIVE)
        assert device.pending_marks == 0
        if way == "when it comes back":
            assert len(script.requests("MarkNotifications")) == asked
    assert (storage.marks, storage.rows) == (0, set())


async def test_whoever_waits_for_a_mark_is_told(script: StubServer, storage: StorageSpy) -> None:
    streams = scripted_streams((*FIRST,), (welcome(feed_epoch=b"second"), synced()))
    gate = asyncio.Event()

    async def until_marked(request: pb.SubscribeRequest) -> Any:
        async for message in streams(request):
            yield message
            if message.event_batch.events:
                await gate.wait()
                for last in DELETED:
                    if isinstance(last, Exception):
                        raise last
                    yield last

    script.stream("Subscribe", until_marked)
    async with laptop(script.target, storage=storage) as device:
        await until(device, lambda device: device.revision == 1)
        marking = asyncio.ensure_future(device.mark_read("id-1"))
        await until(device, lambda device: device.pending_marks)
        gate.set()
        with pytest.raises(FeedDeleted):
            await marking
        await live(device)


async def test_one_that_is_being_saved_is_discarded_too(script: StubServer, storage: StorageSpy) -> None:
    script.stream("Subscribe", scripted_streams(FIRST, FIRST))
    async with laptop(script.target, storage=storage) as device:
        await until(device, lambda device: device.revision == 1)
        storage.gate.clear()
        marking = asyncio.ensure_future(device.mark_read("id-1"))
        await storage.waiting.wait()
        discarding = asyncio.ensure_future(device._subscription._handler.on_feed_deleted())  # noqa: SLF001
        await asyncio.sleep(0)
        storage.gate.set()
        with pytest.raises(FeedDeleted):
            await marking
        await discarding
        assert (device.pending_marks, storage.marks) == (0, 0)


async def test_a_barred_user_s_device_ends_with_nothing(script: StubServer, storage: StorageSpy) -> None:
    script.stream("Subscribe", scripted_streams((*FIRST, CUT), [BARRED]))
    async with laptop(script.target, storage=storage) as device:
        with pytest.raises(FeedBarred):
            await until(device, lambda _: False)
        assert (device.status, device.feed_deleted, device.notifications) == (Status.CLOSED, True, ())
    assert set(storage.stored) == {"endpoint"}


async def test_what_cannot_be_discarded_now_is_with_the_next_complete_point(
    script: StubServer, storage: StorageSpy
) -> None:
    script.stream("Subscribe", scripted_streams((*FIRST, *DELETED), [CUT]))
    async with laptop(script.target, storage=storage) as device:
        await until(device, lambda device: device.revision == 1)
        storage.error = StorageFailed("no room")
        await until(device, lambda device: device.feed_deleted)
        assert storage.rows == {"id-1"}
        storage.error = None
        script.stream("Subscribe", scripted_streams((welcome(feed_epoch=b"second"), synced())))
        await live(device)
    assert storage.rows == set()


async def test_a_server_that_does_not_name_it_changes_nothing(
    script: StubServer, storage: StorageSpy
) -> None:
    """One of before, or one that was updated meanwhile."""
    again = (welcome(resumed=True, feed_epoch=b"first"), at(1, synced=pb.Synced()))
    old = (welcome(resumed=True), at(1, synced=pb.Synced()), CUT)
    script.stream("Subscribe", scripted_streams((*FIRST, CUT), old, again))
    async with laptop(script.target, storage=storage) as device:
        await script.until("Subscribe", count=3)
        await live(device)
        assert not device.feed_deleted
        assert len(device.notifications) == 1
    assert storage.stored["feed_epoch"] == b"first"


async def test_nothing_is_left_in_the_file(script: StubServer, tmp_path: Path) -> None:
    script.stream("Subscribe", scripted_streams(*WAYS["on its stream"]))
    path = tmp_path / "laptop.db"
    async with laptop(script.target, storage=FileStorage(path)) as device:
        await until(device, lambda device: device.revision == 1)
        await until(device, lambda device: device.feed_deleted and device.status is Status.LIVE)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert b"title 1" not in path.read_bytes()


def test_a_blocking_publisher_deletes_users() -> None:
    service = FakeService()
    token = service.app_token(may_delete_feeds=True)
    with BlockingPublisher(service.transport, token) as publisher:
        publisher.send("ada", title="x")
        assert [publisher.delete_user("ada"), publisher.delete_user("ada")] == [True, False]
