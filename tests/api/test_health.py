"""grpc.health.v1: the only service that answers without a token, and says when a server stops."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
import pytest_asyncio
from grpc_health.v1 import health_pb2 as pb

from tests.support.methods import HEALTH, methods
from tests.support.nodes import Running, Setup, running

SERVING, NOT_SERVING = pb.HealthCheckResponse.SERVING, pb.HealthCheckResponse.NOT_SERVING
SERVICES = sorted({m.path.split("/")[1] for m in methods() if m.path.startswith("/unisono.")})


async def check(serving: Running, service: str = "") -> int:
    """The status that Check says."""
    body = pb.HealthCheckRequest(service=service).SerializeToString()
    answer = await HEALTH[0].call(serving.channel, body)
    return pb.HealthCheckResponse.FromString(answer).status


class Watch:
    """A watch of one service."""

    def __init__(self, serving: Running, service: str = "") -> None:
        body = pb.HealthCheckRequest(service=service).SerializeToString()
        method: grpc.aio.UnaryStreamMultiCallable[bytes, bytes]
        method = serving.channel.unary_stream(HEALTH[1].path)
        self._call = method(body)
        self._answers = aiter(self._call)

    async def status(self) -> int:
        """The next status."""
        return pb.HealthCheckResponse.FromString(await anext(self._answers)).status

    def cut(self) -> None:
        self._call.cancel()


@pytest_asyncio.fixture(loop_scope="module")
async def node(tmp_path: Path) -> AsyncIterator[Running]:
    """A node of the test's own, with two watches at most."""
    async with running(Setup(path=tmp_path / "unisono.db")) as node:
        yield node


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
        stopping = asyncio.create_task(node.node.stop(grace=5))
        assert await watch.status() == NOT_SERVING
        with pytest.raises(StopAsyncIteration):
            await watch.status()
        await stopping


async def test_there_are_only_so_many_watches(node: Running) -> None:
    first, second = Watch(node), Watch(node)
    assert [await first.status(), await second.status()] == [SERVING, SERVING]
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await Watch(node).status()
    assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert await check(node) == SERVING
    first.cut()
    assert await until_free(node) == SERVING


async def until_free(node: Running) -> int:
    """The status that a watch gets as soon as there is room for it."""
    while True:
        try:
            return await Watch(node).status()
        except grpc.aio.AioRpcError as error:
            assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED  # noqa: PT017
