"""Each test of the suites runs once on every store, or on every bus, there is."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.contract.backends import BUSES, STORES, StoreBackend, opened
from tests.contract.counting import Watch, watched
from tests.contract.sqlite_files import a_store
from unisono.server.bus.base import Bus
from unisono.server.store.base import Store


@pytest.fixture(params=STORES)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> StoreBackend:
    """Where the test's data lives, also when a store is closed and another one opened."""
    return STORES[request.param](tmp_path)


@pytest.fixture
async def store(backend: StoreBackend) -> AsyncIterator[Store]:
    """A new, empty store, open."""
    async with opened(backend.store()) as store:
        yield store


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What SQLite does meanwhile."""
    with watched() as watch:
        yield watch


@pytest.fixture
async def watched_store(watch: Watch, tmp_path: Path) -> AsyncIterator[Store]:
    """A new, empty store on SQLite that is watched, open."""
    async with opened(a_store(tmp_path / "unisono.db")) as store:
        yield store


@pytest.fixture(params=BUSES)
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    """A bus, open."""
    bus = BUSES[request.param]()
    await bus.open()
    yield bus
    await bus.close()
