"""A device whose process stood still goes on with the net state: what came meanwhile rings once at most."""

from collections.abc import Mapping

import grpc
import pytest

from tests.sdk.backoffs import QUICK
from tests.sdk.device_script import (
    LIVE,
    Message,
    RecordedEvents,
    at,
    created,
    ended,
    goodbye,
    heartbeat,
    laptop,
    live,
    scripted_streams,
    synced,
    until,
    welcome,
)
from tests.sdk.endless_streams import Script
from tests.sdk.event_reader import poll
from tests.sdk.stopped_clock import StoppedClock
from tests.sdk.storage_spy import StorageSpy
from tests.support.processes import TIMEOUT
from tests.support.stub_server import Fault, StubServer
from unisono.client import Backoff, Device, Status, Superseded, Timing
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as service_pb

#: Longer than a device may stand still, in seconds.
LONG = 11.0
#: A stream goes on where the one before was.
RESUMED = (welcome(resumed=True, token=b"token-1"),)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    clock = StoppedClock()
    monkeypatch.setattr("unisono.client._device.device.Watchdog", clock.watchdog)
    return clock


def batch(*members: Message) -> Message:
    """Return a complete batch with the events of several messages."""
    together = at(max(member.revision for member in members))
    for member in members:
        together.event_batch.events.extend(member.event_batch.events)
    return together


def read(revision: int, of: int) -> Message:
    """Return a complete batch in which the notification of revision `of` is read."""
    message = created(of, alert=False)
    (event,) = message.event_batch.events
    message.revision = event.revision = event.notification.revision = revision
    message.resume_token = b"token-%d" % revision
    event.notification.read_state = notification_pb2.READ_STATE_READ
    event.change_type = pb.CHANGE_TYPE_STATE_CHANGED
    return message


async def resumed(device: Device, script: Script) -> None:
    """Wait until the device is live on its second stream."""
    await until(device, lambda device: len(script.requests) == 2 and device.status is Status.LIVE)


async def test_what_came_meanwhile_is_not_read(script: StubServer, clock: StoppedClock) -> None:
    """It resumes from where it was, and what it missed rings once."""
    scripted = Script(
        script, LIVE, [welcome(resumed=True, token=b"token-1"), batch(created(2), created(3)), synced(3)]
    )
    device = laptop(script.target)
    recorded = RecordedEvents(device)
    async with device:
        scripted.say(created(1))
        await until(device, lambda device: device.revision == 1)
        clock.now += LONG
        scripted.say(created(2), created(3))
        await resumed(device, scripted)
        assert scripted.tokens == [b"", b"token-1"]
        assert device.revision == 3
    await recorded.end()
    assert recorded.rings == ["title 1", "title 3"]


async def test_and_what_was_read_elsewhere_does_not_ring(script: StubServer, clock: StoppedClock) -> None:
    scripted = Script(script, LIVE, [welcome(resumed=True, token=b"token-0"), read(3, of=1), synced(3)])
    device = laptop(script.target)
    recorded = RecordedEvents(device)
    async with device:
        await live(device)
        clock.now += LONG
        scripted.say(created(1), read(3, of=1))
        await resumed(device, scripted)
    await recorded.end()
    assert (recorded.rings, len(recorded.events)) == ([], 1)


async def test_a_moment_is_nothing(script: StubServer, clock: StoppedClock) -> None:
    scripted = Script(script, LIVE)
    async with laptop(script.target) as device:
        for revision in range(1, 5):
            await until(device, lambda device, last=revision - 1: device.revision == last)  # type: ignore[misc]
            clock.now += LONG - 1.5
            scripted.say(created(revision))
        await until(device, lambda device: device.revision == 4)
        assert len(scripted.requests) == 1


async def test_it_stood_still_while_content_was_fetched(script: StubServer, clock: StoppedClock) -> None:
    """The message was read before, and is of the past when it is whole."""
    bare = created(1)
    bare.event_batch.events[0].notification.ClearField("payload")

    async def get(_: service_pb.GetNotificationRequest) -> service_pb.GetNotificationResponse:
        clock.now += LONG
        return service_pb.GetNotificationResponse(notification=created(1).event_batch.events[0].notification)

    script.answer("GetNotification", get)
    storage = StorageSpy()
    scripted = Script(script, LIVE, [welcome(resumed=True, token=b"token-0"), read(3, of=1)])
    device = laptop(script.target, storage=storage)
    recorded = RecordedEvents(device)
    async with device:
        await live(device)
        scripted.say(bare)
        await resumed(device, scripted)
        assert scripted.tokens == [b"", b"token-0"]
        # One for each complete point that it came to.
        assert storage.saves == 2
    await recorded.end()
    assert recorded.rings == []


class SlowStorage(StorageSpy):
    """A storage in whose next save the process stands still, once it is told to."""

    def __init__(self, clock: StoppedClock) -> None:
        super().__init__()
        self.stalls = False
        self._clock = clock

    async def save(self, changes: Mapping[str, bytes | None]) -> None:
        await super().save(changes)
        if self.stalls:
            self.stalls = False
            self._clock.now += LONG


async def test_it_stood_still_in_a_save(script: StubServer, clock: StoppedClock) -> None:
    """What was kept and not told yet comes with what was missed."""
    storage = SlowStorage(clock)
    scripted = Script(script, [*LIVE, created(1)], [*RESUMED, batch(created(2), created(3)), synced(3)])
    device = laptop(script.target, storage=storage)
    recorded = RecordedEvents(device)
    async with device:
        await until(device, lambda device: device.revision == 1)
        storage.stalls = True
        scripted.say(created(2))
        await resumed(device, scripted)
        assert scripted.tokens == [b"", b"token-1"]
    await recorded.end()
    assert recorded.rings == ["title 1", "title 3"]


async def test_and_was_ended_before_it_came_back(script: StubServer, clock: StoppedClock) -> None:
    """The next process rings: nothing is kept as shown that was not."""
    storage = SlowStorage(clock)
    catch_up = [*RESUMED, batch(created(2), read(4, of=1)), synced(4)]
    scripted = Script(script, [*LIVE, created(1)], catch_up, catch_up)
    async with laptop(script.target, storage=storage) as device:
        await until(device, lambda device: device.revision == 1)
        scripted.gate.clear()
        storage.stalls = True
        scripted.say(batch(created(2), read(4, of=1)))
        await until(device, lambda device: device.status is Status.OFFLINE)
        assert (device.revision, device.unread_count) == (1, 1)
    assert (storage.token, storage.rows) == (b"token-1", {"id-1"})

    scripted.gate.set()
    device = laptop(script.target, storage=storage)
    recorded = RecordedEvents(device)
    async with device:
        await until(device, lambda device: device.revision == 4)
    await recorded.end()
    assert recorded.rings == ["title 2"]


async def test_what_a_slow_reader_has_not_taken_is_of_the_past_too(
    script: StubServer, clock: StoppedClock
) -> None:
    """One of three that wait was read elsewhere; of the others and what was missed, the newest rings."""
    scripted = Script(script, LIVE, [*RESUMED, batch(read(4, of=2), created(5)), synced(5)])
    async with laptop(script.target) as device:
        events = device.events()
        scripted.say(created(1), created(2), created(3))
        await until(device, lambda device: device.revision == 3)
        clock.now += LONG
        # Held back, while the device is not there yet.
        assert poll(events) == []
        scripted.say(heartbeat(3))
        await resumed(device, scripted)
        found = poll(events)
    assert {event.notification.title: event.ring for event in found} == {
        "title 1": False,
        "title 2": False,
        "title 3": False,
        "title 5": True,
    }


async def test_nothing_of_it_is_lost_where_the_device_is_closed(
    script: StubServer, clock: StoppedClock
) -> None:
    scripted = Script(script, LIVE)
    async with laptop(script.target) as device:
        events = device.events()
        scripted.say(created(1), created(2))
        await until(device, lambda device: device.revision == 2)
        clock.now += LONG
        assert poll(events) == []
    found = [(event.notification.title, event.ring) async for event in events]
    assert found == [("title 1", False), ("title 2", True)]


async def test_what_ended_the_stream_meanwhile_counts(script: StubServer, clock: StoppedClock) -> None:
    """Another stream of the endpoint took over: it must not be taken over again."""
    scripted = Script(script, LIVE)
    async with laptop(script.target) as device:
        await live(device)
        clock.now += LONG
        scripted.say(created(1), created(2), goodbye(pb.GOODBYE_REASON_SUPERSEDED))
        assert isinstance(await ended(device), Superseded)
        assert (device.revision, len(scripted.requests)) == (0, 1)


async def test_it_is_noticed_where_nothing_comes(script: StubServer, clock: StoppedClock) -> None:
    """By the watchdog itself, which looks a few times in each `stall_timeout`."""
    scripted = Script(script, LIVE, [*RESUMED, synced(0)])
    async with laptop(script.target, timing=Timing(stall_timeout=0.05, backoff=QUICK)) as device:
        await live(device)
        clock.now += LONG
        await resumed(device, scripted)


async def test_who_waits_to_try_again_does_so_at_once(script: StubServer, clock: StoppedClock) -> None:
    """A laptop that was opened again has another network, perhaps."""
    minutes = Backoff(initial=10 * TIMEOUT, maximum=10 * TIMEOUT)
    script.stream("Subscribe", scripted_streams([Fault(grpc.StatusCode.UNAVAILABLE)], LIVE))
    async with laptop(script.target, timing=Timing(stall_timeout=0.05, backoff=minutes)) as device:
        await until(device, lambda device: device.error)
        clock.now += LONG
        await live(device)


async def test_a_clock_that_is_set_back_is_nothing(script: StubServer, clock: StoppedClock) -> None:
    scripted = Script(script, LIVE)
    async with laptop(script.target) as device:
        await live(device)
        clock.now -= 86_400
        scripted.say(created(1))
        await until(device, lambda device: device.revision == 1)
        assert len(scripted.requests) == 1
