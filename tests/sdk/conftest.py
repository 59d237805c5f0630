"""Fixtures for tests of the SDK: nodes, scripted servers, and publishers with short delays."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sdk.backoffs import QUICK
from tests.sdk.fake_send_service import FakeSendService
from tests.sdk.storage_spy import StorageSpy
from tests.support import tokens
from tests.support.clocks import FakeClock
from tests.support.nodes import Running, Setup, running
from tests.support.stub_server import StubServer, scripted
from unisono.client import Publisher


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(int(time.time() * 1000))


@pytest.fixture
def storage() -> StorageSpy:
    return StorageSpy()


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Setup(path=tmp_path / "unisono.db")) as node:
        yield node


@pytest.fixture
async def backend(node: Running) -> AsyncIterator[Publisher]:
    """Yield a publisher of the app mail.test at the node."""
    async with Publisher(node.target, tokens.publisher()) as publisher:
        yield publisher


@pytest.fixture
async def script() -> AsyncIterator[StubServer]:
    async with scripted() as script:
        yield script


@pytest.fixture
def service(script: StubServer) -> FakeSendService:
    return FakeSendService(script)


@pytest.fixture
async def publisher(script: StubServer) -> AsyncIterator[Publisher]:
    """Yield a publisher at the scripted server."""
    async with Publisher(script.target, "a token", backoff=QUICK) as publisher:
        yield publisher
