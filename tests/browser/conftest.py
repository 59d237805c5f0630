"""One browser for the tests of a module; they run on its event loop."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.browser.chromium import Chromium, running

HERE = Path(__file__).parent

#: Names that lead to this machine, as anybody's may.
NAMES = "MAP *.example 127.0.0.1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of this folder run on the event loop that their module's browser runs on."""
    for item in items:
        if item.path.parent == HERE and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Chromium]:
    async with running(f"--host-resolver-rules={NAMES}") as browser:
        yield browser
