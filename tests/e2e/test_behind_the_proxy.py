"""Everything that clients do goes through the proxies that the project ships configurations of."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import Final, TypeAlias

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from tests.guarantees.torture import tools
from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.haproxy import Haproxy, haproxy
from tests.support.methods import HEALTH, REFLECTION
from tests.support.nginx import Nginx, nginx
from tests.support.nodes import Client
from tests.support.processes import ServerProcess, serving
from unisono.client import (
    Device,
    InvalidRequest,
    Platform,
    Publisher,
    Status,
    create_channel,
)
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb

Proxy: TypeAlias = Haproxy | Nginx

#: What each proxy waits for at most, of whatever kind but a quiet stream.
SHORT: Final = {
    tools.HAPROXY: dict.fromkeys(("handshake", "headers", "body", "idle", "large_batch"), "1s"),
    tools.NGINX: dict.fromkeys(
        ("client_header_timeout", "client_body_timeout", "keepalive_timeout", "send_timeout"), "1s"
    ),
}

#: The largest content that there is, and how often it fits into a request of 4 MiB.
LARGEST = b"x" * 32 * 1024
FITTING = 120


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    store = tmp_path_factory.mktemp("proxied") / "unisono.db"
    with serving(store, "--heartbeat-min", "0.1") as server:
        yield server


@pytest.fixture(scope="module", params=[tools.HAPROXY, tools.NGINX])
def kind(request: pytest.FixtureRequest) -> str:
    tools.require([request.param])
    return str(request.param)


def started(kind: str, server: ServerProcess, folder: Path, **limits: str) -> AbstractContextManager[Proxy]:
    return (haproxy if kind == tools.HAPROXY else nginx)(server.address, folder, **limits)


@pytest.fixture(scope="module")
def proxy(kind: str, server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with started(kind, server, tmp_path_factory.mktemp(kind)) as proxy:
        yield proxy


@asynccontextmanager
async def channel_to(proxy: Proxy) -> AsyncIterator[grpc.aio.Channel]:
    async with create_channel(proxy.address, root_certificates=proxy.root.read_bytes()) as channel:
        yield channel


@asynccontextmanager
async def publisher_at(proxy: Proxy) -> AsyncIterator[Publisher]:
    root = proxy.root.read_bytes()
    async with Publisher(proxy.address, tokens.publisher(), root_certificates=root) as publisher:
        yield publisher


# The other one takes no such command.
@pytest.mark.parametrize("kind", [tools.HAPROXY], indirect=True)
async def test_a_device_comes_back_after_the_proxy_cut_its_stream(proxy: Proxy) -> None:
    assert isinstance(proxy, Haproxy)
    root = proxy.root.read_bytes()
    device = Device(
        proxy.address,
        tokens.device("ada"),
        endpoint_id="phone",
        platform=Platform.IOS,
        root_certificates=root,
    )
    async with publisher_at(proxy) as publisher, device:
        # Given a device that is live, and gets what is sent
        await device.wait_for(lambda device: device.status is Status.LIVE)
        await publisher.send("ada", title="First")
        await device.wait_for(lambda device: len(device.notifications) == 1)
        # When the proxy cuts its stream
        proxy.ask("shutdown sessions server server/unisono")
        await device.wait_for(lambda device: device.status is not Status.LIVE)
        # Then it resumes, and goes on
        await publisher.send("ada", title="Second")
        await device.wait_for(lambda device: len(device.notifications) == 2)


async def test_a_quiet_stream_outlives_what_the_proxy_waits_for(
    kind: str, server: ServerProcess, tmp_path: Path
) -> None:
    # Given a proxy that waits for nothing longer than half of what a stream is silent for
    with started(kind, server, tmp_path, **SHORT[kind]) as proxy:
        async with channel_to(proxy) as channel:
            client = Client(channel, tokens.device("ben"))
            request = feed_pb.SubscribeRequest(
                endpoint_id="phone", platform=pb.DEVICE_PLATFORM_IOS, heartbeat_interval=Duration(seconds=2)
            )
            # When nothing happens
            stream = client.feeds.Subscribe(request, metadata=client.metadata)
            kinds = [(await anext(aiter(stream))).WhichOneof("message") for _ in range(3)]
    # Then it is still there to tell
    assert kinds == ["welcome", "synced", "heartbeat"]


async def test_the_largest_batch_passes(proxy: Proxy) -> None:
    # In one call: the SDK would make several of it.
    async with channel_to(proxy) as channel:
        backend = ApiClient(Client(channel, tokens.publisher()), user_id="eve")
        large = backend.new(payload=pb.Payload(raw_content=LARGEST))
        results = await backend.send_all(*[large] * FITTING)
    assert [result.WhichOneof("outcome") for result in results] == ["result"] * FITTING


async def test_the_largest_token_passes(proxy: Proxy) -> None:
    room = 16 * 1024 - len(tokens.publisher(padding=""))
    token = tokens.publisher(padding="x" * (room * 3 // 4))
    assert 16_000 < len(token) <= 16 * 1024
    async with channel_to(proxy) as channel:
        assert (await ApiClient(Client(channel, token), user_id="ada").send()).id


async def test_a_refusal_says_what_is_wrong_with_which_field(proxy: Proxy) -> None:
    async with publisher_at(proxy) as publisher:
        with pytest.raises(InvalidRequest) as raised:
            await publisher.send("ada", title="x" * 2000)
    assert set(raised.value.violations) == {"payload.visual_content.title"}


async def test_health_is_told_and_reflection_stays_inside(proxy: Proxy) -> None:
    check, watch = HEALTH
    async with channel_to(proxy) as channel:
        assert await check.call(channel, b"") == b"\x08\x01"
        for inside in (watch, *REFLECTION):
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await inside.call(channel, b"")
            assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED
