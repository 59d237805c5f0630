"""A server that all tests of this folder share, and users of its own for each test."""

import itertools
from collections.abc import Iterator

import pytest

from tests.support.processes import ServerProcess, serving

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with serving(tmp_path_factory.mktemp("server") / "unisono.db") as server:
        yield server


@pytest.fixture
def ada() -> str:
    """The id of a user whom no other test has."""
    return f"ada-{next(_NUMBERS)}"


@pytest.fixture
def bob() -> str:
    """Another one."""
    return f"bob-{next(_NUMBERS)}"
