"""grpc.health.v1: the only service that answers without a token, and says when a server stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import grpc
import pytest
from grpc_health.v1 import health_pb2 as pb

from tests.contract.backends import SqliteBackend
from tests.support.api_client import ApiClient
from tests.support.channels import plain_channel
from tests.support.clocks import FakeClock
from tests.support.full_store import FullSqliteStore, full
from tests.support.methods import HEALTH, Method, methods
from tests.support.nodes import TRANSPORT, Running, Setup, running
from tests.support.processes import TIMEOUT
from tests.support.rpc_errors import raises_status
from unisono.server.api.convert import encoding
from unisono.server.api.health import Health
from unisono.server.api.sizes import SMALL
from unisono.server.api.watches import PER_CONNECTION
from unisono.server.clock import Clock, RandomIds, SystemClock

SERVING, NOT_SERVING = pb.HealthCheckResponse.SERVING, pb.HealthCheckResponse.NOT_SERVING
#: How long a stream may live, in seconds.
AGE = 60.0
SERVICES = sorted({m.path.split("/")[1] for m in methods() if m.path.startswith("/unisono.")})


async def check(serving: Running, service: str = "") -> int:
    """The status that Check says."""
    body = pb.HealthCheckRequest(service=service).SerializeToString()
    answer = await HEALTH[0].call(serving.channel, body)
    return pb.HealthCheckResponse.FromString(answer).status


class Watch:
    """A watch of one service, on the connection of the node's own channel if no other is given."""

    def __init__(self, serving: Running, service: str = "", channel: grpc.aio.Channel | None = None) -> None:
        body = pb.HealthCheckRequest(service=service).SerializeToString()
        method: grpc.aio.UnaryStreamMultiCallable[bytes, bytes]
        method = (channel or serving.channel).unary_stream(HEALTH[1].path)
        self._call = method(body)
        self._answers = aiter(self._call)

    async def status(self) -> int:
        """The next status."""
        return pb.HealthCheckResponse.FromString(await anext(self._answers)).status

    async def ended(self) -> grpc.StatusCode:
        """Wait for the end; how it ended."""
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await anext(self._answers)
        return raised.value.code()

    def cut(self) -> None:
        self._call.cancel()


@asynccontextmanager
async def connections(node: Running, count: int) -> AsyncIterator[list[grpc.aio.Channel]]:
    """Channels that each have a connection of their own, which gRPC would share otherwise."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(plain_channel(node.target, number=number))
            for number in range(count)
        ]


@pytest.mark.parametrize("service", ["", *SERVICES])
async def test_the_server_and_each_service_serve(serving: Running, service: str) -> None:
    assert await check(serving, service) == SERVING


@pytest.mark.parametrize("service", ["", *SERVICES])
async def test_each_can_be_watched(serving: Running, service: str) -> None:
    watch = Watch(serving, service)
    assert await watch.status() == SERVING
    watch.cut()


async def test_an_unknown_service_is_not_found(serving: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await check(serving, "unisono.v1.Nobody")
    assert raised.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_watch_of_an_unknown_service_says_so(serving: Running) -> None:
    watch = Watch(serving, "unisono.v1.Nobody")
    assert await watch.status() == pb.HealthCheckResponse.SERVICE_UNKNOWN
    watch.cut()


async def test_watches_are_told_when_the_server_stops(tmp_path: Path) -> None:
    async with running(Setup(path=tmp_path / "unisono.db")) as node:
        watch = Watch(node)
        assert await watch.status() == SERVING
        stopping = asyncio.create_task(node.node.stop(grace=TIMEOUT))
        assert await watch.status() == NOT_SERVING
        with pytest.raises(StopAsyncIteration):
            await watch.status()
        await stopping


class StoppedMeanwhile:
    """A call of a watch, to whose server the end comes while the first status is written."""

    def __init__(self, health: Health) -> None:
        self.told: list[int] = []
        self._health = health

    def peer(self) -> str:
        return "ipv4:127.0.0.1:1"

    async def read(self, _: int) -> bytes:
        return b""

    async def write(self, message: bytes) -> None:
        self.told.append(pb.HealthCheckResponse.FromString(message).status)
        self._health.stop()


async def test_a_stop_is_told_that_comes_while_something_else_is() -> None:
    def as_it_is(_: str, answer: Any, *, streaming: bool = False) -> Any:
        return answer

    pipeline: Any = SimpleNamespace(clock=FakeClock(), anonymous=as_it_is)
    health = Health((), pipeline, max_watches=1, watch_age=60)
    call, watch = StoppedMeanwhile(health), cast("Any", health.rpcs()["Watch"])
    await watch(call)
    assert call.told == [SERVING, NOT_SERVING]


async def test_while_the_store_is_away_nothing_serves_and_watches_are_told(tmp_path: Path) -> None:
    clock, backend = FakeClock(), SqliteBackend(tmp_path)
    transport = replace(TRANSPORT, max_health_watches=2 + len(SERVICES), stream_age=3600)
    store = backend.store(encoding.encode_row)
    setup = Setup(path=backend.path, store=store, transport=transport, clock=clock)
    async with running(setup) as node:
        watches = [Watch(node, service) for service in ("", *SERVICES)]
        stranger = Watch(node, "unisono.v1.Nobody")
        assert [await watch.status() for watch in watches] == [SERVING] * len(watches)
        with backend.held():
            with pytest.raises(grpc.aio.AioRpcError):
                await ApiClient(node.publisher, user_id="ada").send()
            async with clock.advancing():
                assert [await watch.status() for watch in watches] == [NOT_SERVING] * len(watches)
            assert [await check(node, service) for service in ("", *SERVICES)] == [NOT_SERVING] * len(watches)
        async with clock.advancing():
            assert [await watch.status() for watch in watches] == [SERVING] * len(watches)
        assert await check(node) == SERVING
        stranger.cut()


class LookedAt(FullSqliteStore):
    """A store that says how often it was looked at by writing to it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, ids=RandomIds(), encode=encoding.encode_row)
        self._looks = 0
        self._looked_at = asyncio.Condition()

    async def looked_at(self, times: int) -> None:
        async with self._looked_at:
            await self._looked_at.wait_for(lambda: self._looks >= times)

    async def check(self, *, write: bool) -> None:
        if write:
            async with self._looked_at:
                self._looks += 1
                self._looked_at.notify_all()
        if write and self.full:
            raise full()


async def test_a_full_disk_is_healthy(tmp_path: Path) -> None:
    """What is stored can be read: whoever took the node away would make it worse."""
    clock = FakeClock()
    store = LookedAt(tmp_path / "unisono.db")
    async with running(Setup(path=tmp_path / "unisono.db", store=store, clock=clock)) as node:
        store.full = True
        async with clock.advancing():
            for times in (1, 2):
                with raises_status("UNAVAILABLE", "STORE_FULL"):
                    await ApiClient(node.publisher, user_id="ada").send()
                await store.looked_at(times)
        assert await check(node) == SERVING


async def test_a_connection_has_only_so_many_watches(tmp_path: Path) -> None:
    async with node(tmp_path, watches=100) as serving, connections(serving, 1) as (other,):
        open_ = [Watch(serving) for _ in range(PER_CONNECTION)]
        assert [await watch.status() for watch in open_] == [SERVING] * PER_CONNECTION
        assert await Watch(serving).ended() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await Watch(serving, channel=other).status() == SERVING
        assert await check(serving) == SERVING
        open_[0].cut()
        assert await until_free(serving) == SERVING


async def until_free(node: Running) -> int:
    """The status that a watch gets as soon as there is room for it on the connection."""
    while True:
        try:
            return await Watch(node).status()
        except grpc.aio.AioRpcError as error:
            assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED  # noqa: PT017


async def test_strangers_do_not_lock_out_who_comes_later(tmp_path: Path) -> None:
    """The one that was open for longest gives way, to be opened again, and nobody else is disturbed."""
    async with node(tmp_path, watches=16) as serving, connections(serving, 2) as strangers:
        held = []
        for stranger in strangers * 8:
            held.append(Watch(serving, channel=stranger))
            assert await held[-1].status() == SERVING
        mine = Watch(serving)
        assert await mine.status() == SERVING
        assert await held[0].ended() is grpc.StatusCode.UNAVAILABLE
        again = Watch(serving, channel=strangers[0])
        assert await again.status() == SERVING
        assert await held[1].ended() is grpc.StatusCode.UNAVAILABLE
        stopping = asyncio.create_task(serving.node.stop(grace=TIMEOUT))
        for watch in (mine, again, *held[2:]):
            assert await watch.status() == NOT_SERVING
        await stopping


async def test_watches_may_be_forbidden(tmp_path: Path) -> None:
    async with node(tmp_path, watches=0) as serving:
        assert await Watch(serving).ended() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await check(serving) == SERVING


async def test_a_watch_ends_at_the_age_of_a_stream(tmp_path: Path) -> None:
    clock = FakeClock()
    async with node(tmp_path, clock=clock) as serving:
        watch = Watch(serving)
        assert await watch.status() == SERVING
        began = clock.monotonic()
        async with clock.advancing():
            assert await watch.ended() is grpc.StatusCode.UNAVAILABLE
        assert clock.monotonic() - began >= AGE
        assert await Watch(serving).status() == SERVING


@pytest.mark.parametrize("method", HEALTH, ids=lambda method: method.name)
async def test_a_request_is_bounded(serving: Running, method: Method) -> None:
    longest = pb.HealthCheckRequest(service="x" * (SMALL - 4)).SerializeToString()
    assert len(longest) == SMALL
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await method.call(serving.channel, longest + b"\0")
    assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "at most 65536 are allowed" in str(raised.value.details())
    try:
        await method.call(serving.channel, longest)
    except grpc.aio.AioRpcError as error:
        assert error.code() is grpc.StatusCode.NOT_FOUND  # noqa: PT017


@pytest.mark.parametrize("method", HEALTH, ids=lambda method: method.name)
async def test_a_request_that_never_comes_is_not_waited_for(tmp_path: Path, method: Method) -> None:
    clock = FakeClock()
    async with node(tmp_path, clock=clock) as serving:
        stream: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = serving.channel.stream_stream(method.path)
        call = stream()
        async with clock.advancing():
            assert await call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert await check(serving) == SERVING


def node(path: Path, *, watches: int = 2, clock: Clock | None = None) -> AbstractAsyncContextManager[Running]:
    """A node of the test's own."""
    transport = replace(TRANSPORT, max_health_watches=watches, stream_age=AGE)
    return running(Setup(path=path / "unisono.db", transport=transport, clock=clock or SystemClock()))
