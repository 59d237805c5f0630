"""Many devices of one process: a connection for so many streams, and calls that wait behind none of them."""

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import grpc
import pytest
import trustme

from tests.sdk.device_script import LIVE, TOKEN, laptop, live, scripted_streams, until
from tests.support.processes import TIMEOUT
from tests.support.proxies import Proxy, proxied
from tests.support.stub_server import Fault, StubServer, scripted
from unisono.client import (
    BlockingPublisher,
    Device,
    Publisher,
    Status,
    Transport,
    UnisonoError,
    create_transport,
)
from unisono.client._wire.channel import IDLE_TIMEOUT_MS
from unisono.server.config import Settings
from unisono.v1 import feed_service_pb2 as pb

#: Streams on a connection of the SDK: a tenth of it on the first, which carries the calls.
MAX_STREAMS = 10
#: What the server allows, as in production twice of that.
ALLOWED = 20


@pytest.fixture
async def script() -> AsyncIterator[StubServer]:
    async with scripted(streams=ALLOWED) as script:
        script.stream("Subscribe", scripted_streams(LIVE))
        script.answer("GetFeed", zero)
        yield script


@pytest.fixture
async def proxy(script: StubServer) -> AsyncIterator[Proxy]:
    async with proxied(script.target) as proxy:
        yield proxy


async def silent(_: object) -> pb.GetFeedResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def zero(_: object) -> pb.GetFeedResponse:
    return pb.GetFeedResponse()


def transport(proxy: Proxy) -> Transport:
    return create_transport(proxy.target, streams_per_connection=MAX_STREAMS)


@asynccontextmanager
async def devices(target: str, count: int) -> AsyncIterator[list[Device]]:
    """So many of one process, each on a transport of its own; live."""
    async with AsyncExitStack() as leaving:
        opened = []
        for number in range(count):
            transport = create_transport(target, streams_per_connection=MAX_STREAMS)
            leaving.push_async_callback(transport.close)
            device = laptop(transport, endpoint_id=f"device-{number}")
            opened.append(await leaving.enter_async_context(device))
        await all_live(opened)
        yield opened


async def all_live(opened: Sequence[Device]) -> None:
    await asyncio.gather(*map(live, opened))


def on_connections(script: StubServer) -> list[int]:
    """How many streams were opened on each connection, ascending."""
    return sorted(Counter(asked.peer for asked in script.calls if asked.method == "Subscribe").values())


async def becomes(wanted: int, figure: Callable[[], int]) -> None:
    """Wait for a figure that tells nobody when it changes."""
    async with asyncio.timeout(TIMEOUT):
        while figure() != wanted:
            gc.collect()
            await asyncio.sleep(0.005)


async def test_more_devices_than_a_connection_may_carry_are_all_live(
    script: StubServer, proxy: Proxy
) -> None:
    async with devices(proxy.target, ALLOWED + 4):
        assert proxy.connections == 4
    assert on_connections(script) == [1, 3, MAX_STREAMS, MAX_STREAMS]


async def test_a_device_alone_has_one_connection_for_everything(script: StubServer, proxy: Proxy) -> None:
    async with devices(proxy.target, 1), Publisher(transport(proxy), TOKEN) as publisher:
        await publisher.get_feed("ada")
        assert proxy.connections == 1


async def test_addresses_are_spread_without_a_word() -> None:
    """Fifty devices on the first connection, and then five hundred on each."""
    async with scripted(streams=51) as script, proxied(script.target) as proxy, AsyncExitStack() as leaving:
        script.stream("Subscribe", scripted_streams(LIVE))
        opened = [laptop(proxy.target, endpoint_id=f"device-{number}") for number in range(70)]
        for device in opened:
            await leaving.enter_async_context(device)
        await all_live(opened)
        assert on_connections(script) == [20, 50]


async def test_who_leaves_makes_room(script: StubServer, proxy: Proxy) -> None:
    async with devices(proxy.target, 1 + MAX_STREAMS) as first:
        for device in first[:6]:
            await device.close()
        async with devices(proxy.target, 6):
            assert proxy.connections == 2


async def test_a_stream_that_ends_makes_room_for_the_next(script: StubServer, proxy: Proxy) -> None:
    ended = (*LIVE, Fault(grpc.StatusCode.UNAVAILABLE))
    script.stream("Subscribe", scripted_streams(*[ended] * 30, LIVE))
    async with devices(proxy.target, 1):
        await script.until("Subscribe", count=31)
    assert proxy.connections == 1


async def test_a_stream_that_is_never_opened_makes_room_too(script: StubServer, proxy: Proxy) -> None:
    proxy.block()
    async with AsyncExitStack() as leaving:
        opened = [laptop(transport(proxy), endpoint_id=f"{number}") for number in range(MAX_STREAMS)]
        for device in opened:
            await leaving.enter_async_context(device)
        await asyncio.gather(*(until(device, lambda device: device.error) for device in opened))
        proxy.unblock()
        await all_live(opened)
        assert proxy.connections == 2


async def test_calls_wait_behind_no_stream_where_less_is_allowed_than_expected() -> None:
    """All but the first few streams wait here, as behind a proxy that allows less than the server."""
    async with scripted(streams=3) as script, AsyncExitStack() as leaving:
        script.stream("Subscribe", scripted_streams(LIVE))
        script.answer("GetFeed", zero)
        opened = [
            laptop(
                create_transport(script.target, streams_per_connection=MAX_STREAMS), endpoint_id=f"{number}"
            )
            for number in range(1 + MAX_STREAMS)
        ]
        for device in opened:
            await leaving.enter_async_context(device)
        await script.until("Subscribe", count=1 + 3)

        async with (
            asyncio.timeout(TIMEOUT),
            Publisher(
                create_transport(script.target, streams_per_connection=MAX_STREAMS), TOKEN
            ) as publisher,
        ):
            assert (await publisher.get_feed("ada")).last_revision == 0


async def test_what_is_encrypted_is_shared_alike() -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    pair = (issued.private_key_pem.bytes(), issued.cert_chain_pems[0].bytes())
    async with (
        scripted(credentials=grpc.ssl_server_credentials([pair])) as script,
        proxied(script.target) as proxy,
        AsyncExitStack() as leaving,
    ):
        script.stream("Subscribe", scripted_streams(LIVE))
        root = authority.cert_pem.bytes()
        opened = [laptop(proxy.target, root_certificates=root, endpoint_id=f"{n}") for n in range(5)]
        for device in opened:
            await leaving.enter_async_context(device)
        await all_live(opened)
        assert proxy.connections == 1


async def test_who_closes_harms_nobody_else(script: StubServer, proxy: Proxy) -> None:
    script.answer("GetFeed", silent)
    closing = transport(proxy)
    async with devices(proxy.target, 1) as (device,):
        waiting = asyncio.create_task(Publisher(closing, TOKEN).get_feed("ada"))
        await script.until("GetFeed")
        await closing.close()
        with pytest.raises(UnisonoError, match="the connection was closed"):
            await waiting
        assert (device.status, device.error, proxy.connections) == (Status.LIVE, None, 1)
    assert len(script.requests("Subscribe")) == 1


async def test_the_last_that_closes_closes_all_connections(script: StubServer, proxy: Proxy) -> None:
    async with devices(proxy.target, ALLOWED), devices(proxy.target, 1):
        assert proxy.carried == 3
    await becomes(0, lambda: proxy.carried)


async def test_whoever_forgets_to_close_holds_no_connection_for_ever(
    script: StubServer, proxy: Proxy
) -> None:
    publisher: Publisher | None = Publisher(proxy.target, TOKEN)
    assert publisher is not None
    await publisher.get_feed("ada")
    assert proxy.carried == 1
    del publisher
    await becomes(0, lambda: proxy.carried)


async def test_event_loops_share_nothing(script: StubServer, proxy: Proxy) -> None:
    async with devices(proxy.target, 1):
        with BlockingPublisher(proxy.target, TOKEN) as publisher:
            await asyncio.to_thread(publisher.get_feed, "ada")
            assert proxy.connections == 2


@pytest.mark.parametrize("most", [0, -1])
def test_a_connection_carries_at_least_one(most: int) -> None:
    with pytest.raises(ValueError, match="streams_per_connection: must be at least 1"):
        create_transport("127.0.0.1:1", streams_per_connection=most)


def test_an_idle_connection_is_let_go_before_the_server_closes_it() -> None:
    """gRPC lets go of it within twice the time."""
    assert 1000 * Settings().connection_idle > 2 * IDLE_TIMEOUT_MS
