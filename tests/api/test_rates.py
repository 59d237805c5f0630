"""Each caller may make so many calls at a time and a second, and strangers so many on a connection."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest_asyncio

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.channels import plain_channel
from tests.support.clocks import FakeClock
from tests.support.nodes import Client, Running, Setup, running
from tests.support.rpc_errors import raises_status
from unisono.server.api.convert import encoding
from unisono.server.clock import RandomIds
from unisono.server.model import Limits
from unisono.server.store.sqlite import SqliteStore
from unisono.v1 import feed_service_pb2 as feed_pb

LIMITS = Limits(
    calls_in_flight=2,
    calls_per_second=5,
    subscribes_per_second=1,
    acknowledges_per_second=3,
    stranger_calls_per_second=4,
)


@pytest_asyncio.fixture(loop_scope="module")
async def node(tmp_path: Path) -> AsyncIterator[Running]:
    """Its buckets are filled only when a test says so."""
    clock = FakeClock()
    async with running(Setup(path=tmp_path / "unisono.db", clock=clock, limits=LIMITS)) as node:
        yield node


@pytest_asyncio.fixture(loop_scope="module")
async def connection(node: Running) -> AsyncIterator[grpc.aio.Channel]:
    """Another connection than that of the node's clients."""
    channel = plain_channel(node.target, connection=2)
    yield channel
    await channel.close()


def ada(node: Running) -> ApiClient:
    return ApiClient(node.user("ada"), endpoint_id="phone")


def bob(node: Running) -> ApiClient:
    return ApiClient(node.user("bob"), endpoint_id="phone")


async def test_a_caller_who_calls_too_often_is_told_when_to_come_back(node: Running) -> None:
    for _ in range(5):
        await ada(node).feed()

    with raises_status("RESOURCE_EXHAUSTED", "RATE_LIMITED") as failure:
        await ada(node).feed()

    assert failure.metadata == {"limit": "5"}
    assert failure.explanation.retry_delay is not None
    assert 0 < failure.explanation.retry_delay <= 0.2


async def test_others_are_not_refused_for_it(node: Running) -> None:
    for _ in range(5):
        await ada(node).feed()

    await bob(node).feed()
    await ApiClient(node.publisher, user_id="ada").feed()


async def test_streams_and_acknowledgements_are_counted_by_themselves(node: Running) -> None:
    """A restart to which all devices come back is no attack."""
    await ada(node).register()
    for _ in range(4):
        await ada(node).feed()

    with raises_status("RESOURCE_EXHAUSTED", "RATE_LIMITED"):
        await ada(node).feed()
    call = node.user("ada").feeds.Subscribe(
        feed_pb.SubscribeRequest(endpoint_id="phone"), metadata=node.user("ada").metadata
    )
    welcome = await call.read()
    assert isinstance(welcome, feed_pb.SubscribeResponse)
    for _ in range(3):
        await ada(node).acknowledge(welcome.resume_token)
    with raises_status("RESOURCE_EXHAUSTED", "RATE_LIMITED") as failure:
        await ada(node).acknowledge(welcome.resume_token)

    assert failure.metadata == {"limit": "3"}
    call.cancel()


async def test_strangers_are_counted_for_each_connection(node: Running, connection: grpc.aio.Channel) -> None:
    stranger = ApiClient(node.client("no token"))
    for _ in range(4):
        with raises_status("UNAUTHENTICATED", "TOKEN_INVALID"):
            await stranger.feed()

    with raises_status("RESOURCE_EXHAUSTED", "RATE_LIMITED"):
        await stranger.feed()

    # Whoever has a good token on the same connection, and strangers on another one, are not refused for it.
    await ada(node).feed()
    with raises_status("UNAUTHENTICATED", "TOKEN_INVALID"):
        await ApiClient(Client(connection, "no token")).feed()


async def test_asking_what_the_server_knows_counts_as_any_call(node: Running) -> None:
    for _ in range(5):
        await ada(node).server_info()

    with raises_status("RESOURCE_EXHAUSTED", "RATE_LIMITED"):
        await ada(node).server_info()


async def test_whose_token_was_good_once_is_no_stranger(node: Running) -> None:
    """After a rotation of keys all devices are refused until they have new tokens."""
    rotated = tokens.signed(tokens.claims(sub="ada", scope=tokens.DEVICE_SCOPES), key="x" * 40)
    for _ in range(10):
        with raises_status("UNAUTHENTICATED", "TOKEN_INVALID"):
            await ApiClient(node.client(rotated)).feed()


class Held(SqliteStore):
    """Commits when it is let."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, ids=RandomIds(), encode=encoding.encode_row)
        self.free = asyncio.Event()

    async def commit(self, items: Any, decide: Any) -> Any:
        await self.free.wait()
        return await super().commit(items, decide)


async def test_so_many_calls_are_under_way_and_no_more(tmp_path: Path) -> None:
    """Those that wait for their commit count, however long that takes."""
    path = tmp_path / "unisono.db"
    store = Held(path)
    setup = Setup(path=path, store=store, limits=replace(LIMITS, calls_per_second=1000))
    async with running(setup) as node:
        publisher = ApiClient(node.publisher, user_id="ada")
        sends = [asyncio.create_task(publisher.send()) for _ in range(3)]
        (first,), others = await asyncio.wait(sends, return_when=asyncio.FIRST_COMPLETED)
        await ada(node).feed()
        store.free.set()
        await asyncio.gather(*others)

        with raises_status("RESOURCE_EXHAUSTED", "RATE_LIMITED") as failure:
            await first
        assert failure.metadata == {"limit": "2"}
        await publisher.send()
