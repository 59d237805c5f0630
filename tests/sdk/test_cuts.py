"""A stream that is cut after any of its messages costs nothing: no state, no ring, and none twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.sdk.device_script import RecordedEvents, laptop, live, until
from tests.sdk.relay import CuttingRelay
from tests.support import tokens
from tests.support.nodes import Running
from tests.support.proxies import proxied
from tests.support.stub_server import StubServer
from unisono.client import Device, Publisher, ReadState, Status

#: So large that eight of them make two batches.
LARGE = b"x" * 32_000
#: Of a stream that catches up in two batches, and brings two more while it is live.
MESSAGES = ["welcome", "event_batch", "event_batch", "synced", "event_batch", "event_batch"]


@pytest.fixture
def relay(script: StubServer, node: Running) -> CuttingRelay:
    return CuttingRelay(script, node)


@asynccontextmanager
async def watched(target: str) -> AsyncIterator[tuple[Device, RecordedEvents]]:
    """A device that is live; all that it told is there at the end."""
    device = laptop(target, tokens.device("ada"))
    recorded = RecordedEvents(device)
    async with device:
        await live(device)
        yield device, recorded
    await recorded.end()


async def much_happens(backend: Publisher) -> None:
    """What a device that is away misses."""
    sent = [await backend.send("ada", title=f"missed {number}", raw_content=LARGE) for number in range(10)]
    await backend.delete("ada", sent[0])
    await backend.mark("ada", sent[9], read_state=ReadState.READ)


async def story(device: Device, backend: Publisher, relay: CuttingRelay) -> None:
    """Offline while much happens; back; then two more, one after the other."""
    relay.gate.clear()
    relay.end_streams()
    await until(device, lambda device: device.status is Status.OFFLINE)
    await much_happens(backend)
    relay.told.clear()
    relay.gate.set()
    for title in ("", "live 1", "live 2"):
        if title:
            await backend.send("ada", title=title)
        await caught_up(device, backend)


async def caught_up(device: Device, backend: Publisher) -> None:
    last = (await backend.get_feed("ada")).last_revision
    await until(device, lambda device: device.revision == last)


async def check(device: Device, backend: Publisher) -> None:
    stored = tuple([row async for row in backend.list("ada", page_size=500)])
    assert device.notifications == stored
    assert device.unread_count == (await backend.get_feed("ada")).unread_count == 10


def check_told(recorded: RecordedEvents) -> None:
    """The newest that waits rings for all that was missed, and then each when it comes."""
    assert recorded.rings == ["missed 8", "live 1", "live 2"]
    titles = [event.notification.title for event in recorded.events]
    assert sorted(titles) == ["live 1", "live 2", *(f"missed {number}" for number in range(1, 10))]


async def test_what_a_stream_of_the_story_says(
    script: StubServer, relay: CuttingRelay, backend: Publisher
) -> None:
    async with watched(script.target) as (device, recorded):
        await story(device, backend, relay)
        await check(device, backend)
    check_told(recorded)
    assert relay.told == [MESSAGES]


@pytest.mark.parametrize("position", range(len(MESSAGES)))
async def test_it_is_ended_after_a_message(
    script: StubServer, relay: CuttingRelay, backend: Publisher, position: int
) -> None:
    async with watched(script.target) as (device, recorded):
        relay.limits = [position]
        await story(device, backend, relay)
        await check(device, backend)
    check_told(recorded)
    assert relay.told[0] == MESSAGES[:position]
    assert len(relay.told) == 2


@pytest.mark.parametrize("position", range(1, len(MESSAGES)))
async def test_the_connection_breaks_after_a_message(
    script: StubServer, relay: CuttingRelay, backend: Publisher, position: int
) -> None:
    """The last messages may be under way, and get lost."""
    async with proxied(script.target) as proxy, watched(proxy.target) as (device, recorded):
        relay.cut, relay.limits = proxy.cut, [position]
        await story(device, backend, relay)
        await check(device, backend)
        assert proxy.connections == 3
        await device.close()
        check_told(recorded)


@pytest.mark.parametrize("limit", [2, 3])
async def test_every_stream_is_ended_after_a_few(
    script: StubServer, relay: CuttingRelay, backend: Publisher, limit: int
) -> None:
    async with watched(script.target) as (device, recorded):
        relay.limit = limit
        await story(device, backend, relay)
        await check(device, backend)
    check_told(recorded)
    assert len(relay.told) > 2


async def test_and_each_after_one_more(script: StubServer, relay: CuttingRelay, backend: Publisher) -> None:
    async with watched(script.target) as (device, recorded):
        relay.limits = [*range(6)]
        await story(device, backend, relay)
        await check(device, backend)
    check_told(recorded)
