"""Behind a trusted proxy, calls without a token count for the client that makes them."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.support.clocks import FakeClock
from tests.support.nodes import TRANSPORT, Client, Running, Setup, running
from tests.support.rpc_errors import raises_status
from unisono.server.api.http_server import HttpServer
from unisono.server.model import Limits
from unisono.v1.feed_service_pb2 import GetFeedRequest

MOST: Final = 3

STRANGER, OTHER = "192.0.2.1", "2001:db8::1"


def trusting(network: str, folder: Path) -> AbstractAsyncContextManager[Running]:
    """Run a node that takes those in a network for proxies."""
    setup = Setup(
        path=folder / "unisono.db",
        clock=FakeClock(),
        limits=Limits(stranger_calls_per_second=MOST),
        transport=replace(TRANSPORT, trusted_proxies=(network,)),
        make_server=HttpServer,
    )
    return running(setup)


async def ask(serving: Running, client: str, code: str, reason: str) -> None:
    """Call without a token, as a proxy passes it on, and be refused."""
    metadata = (("x-forwarded-for", f"10.0.0.1, {client}"),)
    with raises_status(code, reason):
        await Client(serving.channel, None).feeds.GetFeed(GetFeedRequest(), metadata=metadata)


async def test_one_client_that_calls_too_often_bars_no_other(tmp_path: Path) -> None:
    async with trusting("127.0.0.1", tmp_path) as serving:
        for _ in range(MOST):
            await ask(serving, STRANGER, "UNAUTHENTICATED", "TOKEN_MISSING")
        await ask(serving, STRANGER, "RESOURCE_EXHAUSTED", "RATE_LIMITED")
        await ask(serving, OTHER, "UNAUTHENTICATED", "TOKEN_MISSING")


async def test_who_is_no_proxy_has_one_budget_whoever_he_says_he_is(tmp_path: Path) -> None:
    async with trusting("10.0.0.0/8", tmp_path) as serving:
        for _ in range(MOST):
            await ask(serving, STRANGER, "UNAUTHENTICATED", "TOKEN_MISSING")
        await ask(serving, OTHER, "RESOURCE_EXHAUSTED", "RATE_LIMITED")
