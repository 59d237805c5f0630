"""One node for each module, on the module's event loop, and users that no other test has."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.clocks import FakeClock
from tests.support.nodes import Running, Setup, running
from unisono.server.clock import SystemClock
from unisono.server.core.access.signature_budget import SignatureBudget
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.model import Limits

HERE = Path(__file__).parent
_NUMBERS = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of this folder run on the event loop that their module's node runs on."""
    for item in items:
        if item.path.parent == HERE and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def serving(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A node that does not tire of strangers: the tests of a module are more than it takes of them."""
    clock, many = SystemClock(), 100_000
    budget = SignatureBudget(clock, per_connection=many, in_all=many)
    setup = Setup(
        path=tmp_path_factory.mktemp("node") / "unisono.db",
        clock=clock,
        limits=Limits(stranger_calls_per_second=many),
        verifier=TokenVerifier(tokens.issuers(), tokens.apps(), clock, budget=budget),
    )
    async with running(setup) as node:
        yield node


@pytest.fixture(scope="module")
def clock() -> FakeClock:
    """The time of the node `held`."""
    return FakeClock()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def held(tmp_path_factory: pytest.TempPathFactory, clock: FakeClock) -> AsyncIterator[Running]:
    """A node for which time passes only when a test says so."""
    setup = Setup(path=tmp_path_factory.mktemp("held") / "unisono.db", clock=clock)
    async with running(setup) as node:
        yield node


@pytest.fixture
def user_id() -> str:
    return f"user-{next(_NUMBERS)}"


@pytest.fixture
def publisher(serving: Running, user_id: str) -> ApiClient:
    """A backend that speaks of the test's user."""
    return ApiClient(serving.publisher, user_id=user_id)


@pytest_asyncio.fixture(loop_scope="module")
async def phone(serving: Running, user_id: str) -> ApiClient:
    """A registered device of the test's user."""
    caller = ApiClient(serving.user(user_id), endpoint_id="phone")
    await caller.register()
    return caller


@pytest.fixture
def backend(held: Running, user_id: str) -> ApiClient:
    """A backend of the test's user, for whom time passes only when a test says so."""
    return ApiClient(held.publisher, user_id=user_id)
