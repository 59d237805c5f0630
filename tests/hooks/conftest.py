"""A node with a hook of each source, all of the user ada of mail.test, and that user's device."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.api_client import ApiClient
from tests.support.clocks import FakeClock
from tests.support.hooked import hook
from tests.support.nodes import Running, Setup, running
from unisono.server.api.http_server import HttpServer
from unisono.server.core.access.hooks import HookBook, HookSource


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def setup(tmp_path: Path, clock: FakeClock) -> Setup:
    """Time passes only when a test says so; hooks are served by our own transport alone."""
    return Setup(
        path=tmp_path / "unisono.db",
        clock=clock,
        make_server=HttpServer,
        hooks=HookBook(map(hook, HookSource)),
    )


@pytest.fixture
async def node(setup: Setup) -> AsyncIterator[Running]:
    async with running(setup) as serving:
        yield serving


@pytest.fixture
def ada(node: Running) -> ApiClient:
    return ApiClient(node.user("ada"))
