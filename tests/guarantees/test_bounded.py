"""Bounded: a device that does not read costs little memory, delays nobody, and is disconnected in the end."""

import asyncio
import gc
import resource
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import grpc
from structlog.testing import capture_logs

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.nodes import TRANSPORT, Running, Setup, running
from tests.support.processes import TIMEOUT
from tests.support.raw_http2 import RawSubscriber
from tests.support.rpc_errors import raises_status
from unisono.server.api.convert import encoding
from unisono.server.api.transport import Transport
from unisono.server.clock import RandomIds
from unisono.server.core.sweeper import SweepRules
from unisono.server.model import Limits
from unisono.server.store.base import Store
from unisono.server.store.commit import EndpointDecision, EndpointItem, EndpointView
from unisono.server.store.sqlite import SqliteStore
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb

R = TypeVar("R")
EndpointItemT = TypeVar("EndpointItemT", bound=EndpointItem)

STALLED = 49
SENDS = 300
LARGE = pb.Payload(raw_content=b"x" * 32 * 1024)
MIB = 1024 * 1024
#: 1 MiB for each, and 64 MB for all that goes on beside them. Without flow control each would hold all that
#: was sent, which is 9 MiB.
ALLOWED = STALLED * MIB + 64_000_000


@asynccontextmanager
async def serving(
    path: Path,
    transport: Transport = TRANSPORT,
    store: Store | None = None,
    limits: Limits = Limits(),  # noqa: B008  frozen
) -> AsyncIterator[Running]:
    setup = Setup(
        path=path / "unisono.db",
        transport=transport,
        store=store,
        limits=limits,
        sweep_rules=SweepRules(interval=0.02),
    )
    async with running(setup) as node:
        yield node


async def stalled(node: Running, endpoint_id: str) -> RawSubscriber:
    """Return a subscriber that has received Synced, and reads no more."""
    subscriber = await RawSubscriber.subscribe(node, tokens.device(), endpoint_id)
    await subscriber.listen(read=False, until=2)
    assert subscriber.messages[-1].HasField("synced")
    return subscriber


async def send_much(node: Running, user_id: str) -> int:
    """Send far more than flow control lets through, and return the last revision."""
    backend = ApiClient(node.publisher, user_id=user_id)
    revision = 0
    for _ in range(SENDS // 50):
        requests = [backend.new(payload=LARGE) for _ in range(50)]
        revision = (await backend.send_all(*requests))[-1].result.revision
    return revision


async def read(node: Running, user_id: str, until: int) -> None:
    """Read a stream up to a revision, and keep no message."""
    client = node.user(user_id)
    request = feed_pb.SubscribeRequest(endpoint_id="reading", platform=pb.DEVICE_PLATFORM_LINUX)
    call = client.feeds.Subscribe(request, metadata=client.metadata)
    async for message in call:
        if message.revision >= until:
            break
    call.cancel()


async def connected(node: Running, endpoint_id: str) -> bool:
    return (await ApiClient(node.user(), endpoint_id=endpoint_id).endpoint()).connected


def resident() -> int:
    """Return the resident memory of this process in bytes, after a garbage collection."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


async def test_devices_that_do_not_read_cost_little_and_delay_nobody(tmp_path: Path) -> None:
    async with serving(tmp_path) as node:
        # First what so much traffic needs anyway.
        await asyncio.gather(read(node, "bob", SENDS), send_much(node, "bob"))
        others = [await stalled(node, f"stalled-{n}") for n in range(STALLED)]
        before = resident()

        await asyncio.wait_for(asyncio.gather(read(node, "ada", SENDS), send_much(node, "ada")), TIMEOUT)

        grown = resident() - before
        for other in others:
            other.abort()
        assert grown < ALLOWED, f"{grown / MIB:.1f} MiB for {STALLED} devices"


async def test_streams_that_were_taken_over_do_not_pile_up(tmp_path: Path) -> None:
    """What an older one holds is held until its connection ends, where its device does not read."""
    async with serving(tmp_path, limits=Limits(streams_per_user=2)) as node:
        await send_much(node, "ada")
        old = []
        for _ in range(4):
            old.append(await RawSubscriber.subscribe(node, tokens.device(), "laptop"))
            await old[-1].fill()

        with raises_status("RESOURCE_EXHAUSTED", "OPEN_STREAMS_EXCEEDED") as failure:
            await ApiClient(node.user(), endpoint_id="laptop").welcome()
        assert failure.metadata == {"limit": "4"}

        old.pop(0).abort()
        await welcomed(node, "laptop")
        for device in old:
            device.abort()


async def test_a_device_that_reads_may_come_back_as_often_as_it_likes(tmp_path: Path) -> None:
    async with serving(tmp_path, limits=Limits(streams_per_user=2)) as node:
        for _ in range(30):
            device = await stalled(node, "laptop")
            device.abort()
        await welcomed(node, "laptop")


async def test_a_device_that_reads_again_has_missed_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path) as node:
        late = await stalled(node, "late")
        last = await send_much(node, "ada")
        await read(node, "ada", last)
        behind = late.messages[-1].revision

        while late.messages[-1].revision < last:
            await late.listen(read=True, until=len(late.messages) + 1)

        revisions = [event.revision for message in late.messages for event in message.event_batch.events]
        assert behind < last
        assert revisions == list(range(1, last + 1))
        assert max(message.event_batch.ByteSize() for message in late.messages) <= 256 * 1024
        late.abort()


async def test_the_age_of_its_connection_ends_a_device_that_does_not_read(tmp_path: Path) -> None:
    """Nothing else can: what is written to it queues behind what it does not take."""
    async with serving(tmp_path, replace(TRANSPORT, connection_age=0.5, connection_age_grace=0.5)) as node:
        device = await stalled(node, "laptop")
        await send_much(node, "ada")

        await asyncio.wait_for(device.ended(), TIMEOUT)

        await given_up(node, "laptop")


async def test_the_seat_of_a_device_that_vanishes_is_given_up(tmp_path: Path) -> None:
    """With its connection broken, in the middle of a write to it or idle."""
    async with serving(tmp_path) as node:
        idle, busy = await stalled(node, "idle"), await stalled(node, "busy")
        assert await connected(node, "idle")
        idle.abort()
        await given_up(node, "idle")
        await send_much(node, "ada")

        with capture_logs() as entries:
            busy.abort()
            await given_up(node, "busy")

        # That happens all the time, and is no fault of the server.
        assert "client is gone" in [entry["event"] for entry in entries]
        assert not [entry for entry in entries if entry["log_level"] == "error"]


class SlowRegistry(SqliteStore):
    """A store that commits no endpoint until `gate` is set."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, ids=RandomIds(), encode=encoding.encode_row)
        self.begun, self.gate, self.done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def commit_endpoints(
        self,
        items: Sequence[EndpointItemT],
        decide: Callable[[Sequence[EndpointItemT], EndpointView], EndpointDecision[R]],
    ) -> EndpointDecision[R]:
        self.begun.set()
        await self.gate.wait()
        decision = await super().commit_endpoints(items, decide)
        self.done.set()
        return decision


async def test_the_seat_of_a_device_that_leaves_before_it_is_welcome_is_given_up(tmp_path: Path) -> None:
    """Its registration goes on without it, and must not keep the endpoint connected for good."""
    store = SlowRegistry(tmp_path / "unisono.db")
    async with serving(tmp_path, store=store) as node:
        leaving = asyncio.create_task(ApiClient(node.user(), endpoint_id="laptop").welcome())
        await store.begun.wait()
        leaving.cancel()
        await asyncio.wait([leaving])
        await ApiClient(node.user()).feed()  # which comes to the server after the cancellation

        store.gate.set()
        await store.done.wait()

        await given_up(node, "laptop")


async def test_a_device_that_is_silent_is_found_out_by_pings(tmp_path: Path) -> None:
    """Its connection stands, and nobody answers: as after a cable was pulled."""
    async with serving(tmp_path, replace(TRANSPORT, keepalive_time=1, ping_timeout=1)) as node:
        device = await stalled(node, "laptop")

        await asyncio.wait_for(device.ended(), TIMEOUT)

        await given_up(node, "laptop")


async def welcomed(node: Running, endpoint_id: str) -> None:
    """Retry until a stream of the endpoint is opened: the server notices lost connections in its own time."""
    caller = ApiClient(node.user(), endpoint_id=endpoint_id)
    async with asyncio.timeout(TIMEOUT):
        while True:
            try:
                await caller.welcome()
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                    raise
            else:
                return


async def given_up(node: Running, endpoint_id: str) -> None:
    """Wait until the endpoint does not count as connected any more."""
    async with asyncio.timeout(TIMEOUT):
        while await connected(node, endpoint_id):
            pass
