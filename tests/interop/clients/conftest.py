"""The server of a client, and where it is kept how each case ended."""

from collections.abc import Iterator

import pytest

from tests.interop.clients import results
from tests.interop.clients.site import Site
from tests.interop.clients.site import site as serving_site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving_site(tmp_path_factory.mktemp("clients") / "unisono.db") as site:
        yield site


def pytest_configure(config: pytest.Config) -> None:
    """Keep the results, but not in each of the processes that tests run in."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(results.Recorder())
