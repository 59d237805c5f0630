"""Fixtures: a node for each test, with a clock that moves only when the test moves it."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.clocks import FakeClock
from tests.support.nodes import Running, Setup, running


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(int(time.time() * 1000))


@pytest.fixture
async def node(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Running]:
    async with running(Setup(path=tmp_path / "unisono.db", clock=clock)) as node:
        yield node
