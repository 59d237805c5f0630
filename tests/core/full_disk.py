"""Streams of a core whose store can be read and not written."""

from tests.support.core_harness import ADA, CoreHarness, Stream
from tests.support.full_store import FullStore
from unisono.server.model import Endpoint, Platform


async def registered(harness: CoreHarness, endpoint_id: str = "laptop") -> None:
    await harness.endpoints.register(ADA, endpoint_id, Platform.LINUX, "")


async def live(harness: CoreHarness, endpoint_id: str = "laptop") -> Stream:
    """Return a stream that waits for something to happen."""
    stream = await Stream(harness, endpoint_id).synced()
    assert await stream.next_or_none() is None
    return stream


async def stored(store: FullStore, endpoint_id: str = "laptop") -> Endpoint:
    _, endpoint = await store.feed_and_endpoint(ADA, endpoint_id)
    assert endpoint is not None
    return endpoint


async def stays(harness: CoreHarness, stream: Stream) -> None:
    """Let a stream ask the store whose its endpoint is, three times."""
    for _ in range(3):
        harness.clock.advance(30)
        assert (await stream.next()).HasField("heartbeat")
        assert await stream.next_or_none() is None
