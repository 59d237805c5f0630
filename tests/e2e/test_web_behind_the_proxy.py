"""Behind nginx as it ships, the web and gRPC come by one port, each message when it is sent."""

import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.guarantees.torture import tools
from tests.support import tokens
from tests.support.hooked import signed
from tests.support.nginx import Nginx, nginx
from tests.support.processes import serving
from unisono.client import bearer, create_channel
from unisono.server.app.new_hook import NewHook
from unisono.v1.feed_service_pb2 import GetFeedRequest
from unisono.v1.feed_service_pb2_grpc import FeedServiceStub

V1 = "/unisono.v1"


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Nginx]:
    tools.require([tools.NGINX])
    trusting = ("--transport", "http", "--trusted-proxies", "127.0.0.1")
    with serving(tmp_path / "unisono.db", *trusting) as server, nginx(server.address, tmp_path) as proxy:
        yield proxy


def client(proxy: Nginx, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"https://{proxy.address}",
        headers={"authorization": f"Bearer {token}"},
        verify=ssl.create_default_context(cafile=proxy.root),
    )


async def test_a_stream_brings_each_message_when_it_is_sent(proxy: Nginx) -> None:
    laptop = {"endpointId": "laptop", "platform": "DEVICE_PLATFORM_WEB"}
    note = {"userId": "ada", "payload": {"visualContent": {"title": "Hello"}}}
    async with (
        client(proxy, tokens.device("ada")) as device,
        client(proxy, tokens.publisher()) as backend,
        device.stream("POST", f"{V1}.FeedService/Subscribe", json=laptop) as stream,
    ):
        lines = stream.aiter_lines()
        first = [json.loads(await anext(lines)) for _ in range(2)]
        sent = await backend.post(f"{V1}.NotificationService/SendNotification", json=note)
        event = json.loads(await anext(lines))

    assert (sent.status_code, "welcome" in first[0], "synced" in first[1]) == (200, True, True)
    assert event["eventBatch"]["events"][0]["notificationId"] == sent.json()["result"]["id"]


async def test_grpc_goes_on_as_grpc(proxy: Nginx) -> None:
    async with create_channel(proxy.address, root_certificates=proxy.root.read_bytes()) as channel:
        feed = await FeedServiceStub(channel).GetFeed(GetFeedRequest(), metadata=bearer(tokens.device("ada")))
    async with client(proxy, tokens.device("ada")) as device:
        asked = await device.get(f"{V1}.FeedService/GetFeed", params={"message": "{}"})

    assert (feed.last_revision, asked.json()) == (0, {})


async def test_a_hook_is_let_in_and_knows_its_sender_by_address(tmp_path: Path) -> None:
    tools.require([tools.NGINX])
    made = NewHook.make("mail.test", "ada", "github", tmp_path / "hook.secret")
    made.write_secret()
    file = tmp_path / "unisono.toml"
    file.write_text(made.lines)
    trusting = ("--transport", "http", "--trusted-proxies", "127.0.0.1", "--log-calls", "all")
    with (
        serving(tmp_path / "unisono.db", "--config", file, *trusting) as server,
        nginx(server.address, tmp_path) as proxy,
    ):
        body = json.dumps({"zen": "Hello"}).encode()
        headers = {"x-github-event": "ping", "x-github-delivery": "d-1", **signed(body, made.secret)}
        async with client(proxy, "none") as sender:
            del sender.headers["authorization"]
            path = f"/hooks/{made.hook_id}"
            answers = [await sender.post(path, content=body, headers=headers) for _ in range(2)]
        ended = server.until("call ended")

    assert [answer.json()["result"] for answer in answers] == ["sent", "repeated"]
    # nginx says which address a request came from, and not which port.
    assert (ended["method"], ended["peer"]) == ("hooks/github", "ipv4:127.0.0.1")


async def test_what_is_neither_is_not_let_in(proxy: Nginx) -> None:
    async with client(proxy, "none") as stranger:
        answers = [await stranger.get(path) for path in ("/", "/healthz")]

    assert [answer.headers["grpc-status"] for answer in answers] == ["12", "12"]
