"""Defaults of gRPC that a service of long streams must not have, which `api.grpcio.server` changes."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

import grpc
import pytest
from structlog.testing import capture_logs

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.channels import plain_channel
from tests.support.nodes import Client, Setup, running
from tests.support.rpc_errors import raises_status
from unisono.server.api.convert import encoding
from unisono.server.clock import RandomIds
from unisono.server.core.feeds import Feeds
from unisono.server.core.notifications import Notifications
from unisono.server.store.commit import Decision, Item, View
from unisono.server.store.sqlite import SqliteStore
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2

BURST = 1_500
SECRET = "password=hunter2 in /srv/unisono.db"

R = TypeVar("R")
ItemT = TypeVar("ItemT", bound=Item)


async def first_two(client: Client, endpoint_id: str) -> list[str | None]:
    """Open a stream, and return the kinds of its first two messages; it stays open."""
    request = pb.SubscribeRequest(endpoint_id=endpoint_id, platform=notification_pb2.DEVICE_PLATFORM_LINUX)
    call = client.feeds.Subscribe(request, metadata=client.metadata)
    found: list[str | None] = []
    for _ in range(2):
        message = await call.read()
        assert isinstance(message, pb.SubscribeResponse)
        found.append(message.WhichOneof("message"))
    return found


async def test_a_burst_of_reconnecting_devices_is_not_refused(tmp_path: Path) -> None:
    """By default calls are refused from 1,000 pending ones upward."""
    async with running(Setup(path=tmp_path / "unisono.db")) as node, AsyncExitStack() as open_channels:
        channels = [
            await open_channels.enter_async_context(plain_channel(node.target, number=n)) for n in range(3)
        ]
        users = [tokens.device(f"user-{number}") for number in range(BURST // 50)]
        devices = [
            first_two(Client(channels[number % 3], users[number % len(users)]), f"device-{number}")
            for number in range(BURST)
        ]

        said = await asyncio.gather(*devices)

        assert said == [["welcome", "synced"]] * BURST


async def test_a_large_token_is_taken(tmp_path: Path) -> None:
    """By default metadata of more than 8 KiB is refused at random."""
    async with running(Setup(path=tmp_path / "unisono.db")) as node:
        token = tokens.publisher(groups=["g" * 100] * 113)
        assert 15 * 1024 < len(token) < 16 * 1024
        caller = ApiClient(node.client(token), user_id="ada")

        for number in range(1, 31):
            assert (await caller.send()).revision == number


@pytest.mark.parametrize("fault", [RuntimeError(SECRET), KeyError(SECRET), AssertionError(SECRET)])
async def test_a_fault_says_nothing_of_the_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """By default the client gets the text of the exception."""

    async def broken(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(Notifications, "send", broken)
    monkeypatch.setattr(Feeds, "open_stream", broken)
    async with running(Setup(path=tmp_path / "unisono.db")) as node:
        with capture_logs() as entries:
            with raises_status("INTERNAL", "INTERNAL") as send:
                await ApiClient(node.publisher, user_id="ada").send()
            with raises_status("INTERNAL", "INTERNAL") as stream:
                await ApiClient(node.user(), endpoint_id="laptop").welcome()

        for failure in (send, stream):
            assert SECRET not in str(failure.error.details())
            assert SECRET.encode() not in b"".join(map(raw, failure.error.trailing_metadata() or ()))
            assert failure.metadata["request_id"] == dict(trailers(failure.error))["x-request-id"]
        failed = [entry for entry in entries if entry["event"] == "call failed"]
        assert len(failed) == 2


def trailers(error: grpc.aio.AioRpcError) -> Sequence[tuple[str, str | bytes]]:
    return [(key, value) for key, value in error.trailing_metadata() or ()]


def raw(pair: tuple[str, str | bytes]) -> bytes:
    value = pair[1]
    return value if isinstance(value, bytes) else value.encode()


class GatedStore(SqliteStore):
    """A store that begins no commit until `gate` is set."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, ids=RandomIds(), encode=encoding.encode_row)
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()

    async def commit(
        self, items: Sequence[ItemT], decide: Callable[[Sequence[ItemT], View], Decision[R]]
    ) -> Decision[R]:
        self.begun.set()
        await self.gate.wait()
        return await super().commit(items, decide)


async def test_a_caller_that_gives_up_does_not_undo_its_commit(tmp_path: Path) -> None:
    """Nor that of those who wait beside it."""
    store = GatedStore(tmp_path / "unisono.db")
    async with running(Setup(path=tmp_path / "unisono.db", store=store)) as node:
        backend = ApiClient(node.publisher, user_id="ada")
        giving_up = asyncio.create_task(backend.send("Given up", app_notification_id="given-up"))
        await store.begun.wait()
        waiting = asyncio.create_task(backend.send("Waited for"))
        giving_up.cancel()
        await asyncio.wait([giving_up])
        await backend.feed()  # which comes to the server after the cancellation

        store.gate.set()

        assert (await waiting).revision == 2
        assert giving_up.cancelled()
        assert (await backend.get(key="given-up")).payload.visual_content.title == "Given up"
