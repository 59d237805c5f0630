"""A good token lifts the bound of strangers from its connection, and nothing else does."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
import pytest_asyncio

from tests.support.api_client import ApiClient
from tests.support.methods import HEALTH, REFLECTION, Method
from tests.support.nodes import TRANSPORT, Running, Setup, running
from tests.support.rpc_errors import raises_status
from unisono.server.api.http.places import Place
from unisono.server.api.http_server import HttpServer
from unisono.v1 import feed_service_pb2 as feed_pb


@pytest_asyncio.fixture(loop_scope="module")
async def node(tmp_path: Path) -> AsyncIterator[Running]:
    transport = replace(TRANSPORT, stranger_requests_per_address=1)
    setup = Setup(path=tmp_path / "unisono.db", transport=transport, make_server=HttpServer)
    async with running(setup) as node:
        yield node


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> list[Place]:
    """The connections of those who have shown who they are."""
    found: list[Place] = []

    def know(place: Place) -> None:
        found.append(place)

    monkeypatch.setattr(Place, "known", know)
    return found


async def test_who_shows_a_good_token_is_known(node: Running, known: list[Place]) -> None:
    await ApiClient(node.publisher, user_id="ada").send()
    assert len(known) == 1


async def test_who_has_a_good_token_for_something_else_is_known_as_well(
    node: Running, known: list[Place]
) -> None:
    with raises_status("PERMISSION_DENIED", "ROLE_NOT_ALLOWED"):
        await node.user("ada").feeds.DeleteFeed(
            feed_pb.DeleteFeedRequest(user_id="ada"), metadata=node.user("ada").metadata
        )
    assert len(known) == 1


@pytest.mark.parametrize("token", ["no token", ""])
async def test_who_has_none_is_not(node: Running, known: list[Place], token: str) -> None:
    with raises_status("UNAUTHENTICATED", "TOKEN_INVALID"):
        await ApiClient(node.client(token)).feed()
    assert not known


async def test_what_needs_no_token_makes_nobody_known(node: Running, known: list[Place]) -> None:
    assert await HEALTH[0].call(node.channel, b"")
    with pytest.raises(grpc.aio.AioRpcError, match="UNIMPLEMENTED"):
        await Method(path="/unisono.v1.Nowhere/Nothing").call(node.channel, b"")
    with pytest.raises(grpc.aio.AioRpcError, match="UNAUTHENTICATED"):
        await REFLECTION[0].call(node.channel, b"")
    assert not known
