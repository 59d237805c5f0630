"""A server that all tests of this folder share, and users that no other test has."""

import itertools
from collections.abc import Iterator

import pytest

from tests.support.processes import ServerProcess, serving

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with serving(tmp_path_factory.mktemp("interop") / "unisono.db") as server:
        yield server


@pytest.fixture
def user_id() -> str:
    return f"user-{next(_NUMBERS)}"
