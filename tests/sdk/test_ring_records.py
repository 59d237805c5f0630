"""What a device holds is its record of what rang: it outlives streams, fresh starts and processes."""

from tests.sdk.device_script import (
    END,
    Message,
    RecordedEvents,
    at,
    created,
    laptop,
    scripted_streams,
    synced,
    until,
    welcome,
)
from tests.sdk.storage_spy import StorageSpy
from tests.support.stub_server import StubServer
from unisono.v1 import feed_service_pb2 as pb

EPOCH = b"a life"


def alert(revision: int, time: int = 1) -> Message:
    """Return a batch with a new notification, whose alert is of this time."""
    message = created(revision)
    message.event_batch.events[0].notification.alert_time.seconds = time
    return message


def anew(*said: Message, epoch: bytes = EPOCH) -> list[Message]:
    """Return a stream that begins from nothing, and ends in the catch-up that it is."""
    for message in said:
        message.complete = False
    return [welcome(feed_epoch=epoch), *said, synced(9), END]


async def rung(script: StubServer, storage: StorageSpy, *streams: list[Message]) -> list[str]:
    """Return what a device rings for in these streams."""
    last = 10 + len(script.calls)
    end = [welcome(resumed=True), at(last, event_batch=pb.EventBatch())]
    script.stream("Subscribe", scripted_streams(*streams, end))
    device = laptop(script.target, storage=storage)
    recorded = RecordedEvents(device)
    async with device:
        await until(device, lambda device: device.revision == last)
    await recorded.end()
    return recorded.rings


FIRST = [welcome(feed_epoch=EPOCH), synced(0), alert(1), END]


async def test_a_fresh_start_rings_for_nothing_again(script: StubServer, storage: StorageSpy) -> None:
    assert await rung(script, storage, FIRST, anew(alert(1)), anew(alert(1), alert(2))) == [
        "title 1",
        "title 2",
    ]


async def test_nor_does_another_process(script: StubServer, storage: StorageSpy) -> None:
    assert await rung(script, storage, FIRST) == ["title 1"]

    assert await rung(script, storage, anew(alert(1))) == []


async def test_nor_one_that_began_anew_and_was_cut(script: StubServer, storage: StorageSpy) -> None:
    cut = anew(alert(1), alert(2))[:-2]
    assert await rung(script, storage, FIRST, [*cut, END]) == ["title 1", "title 2"]

    whole = anew(alert(1), alert(2), alert(3))
    assert await rung(script, storage, [*cut, END], whole) == ["title 3"]


async def test_what_only_has_the_revision_of_what_rang_is_another(
    script: StubServer, storage: StorageSpy
) -> None:
    """As in a store that was restored, where revisions come again."""
    assert await rung(script, storage, FIRST, anew(alert(1, time=2))) == ["title 1", "title 1"]


async def test_another_life_of_the_feed_has_rung_for_nothing(script: StubServer, storage: StorageSpy) -> None:
    assert await rung(script, storage, FIRST, anew(alert(1), epoch=b"another")) == ["title 1", "title 1"]
