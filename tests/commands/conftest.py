"""A server that all tests of this folder share, and a user of its own for each test."""

import itertools
from collections.abc import Iterator

import pytest

from tests.commands.unisono import Cli
from tests.support import tokens
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
def app(server: ServerProcess) -> Cli:
    """Commands of the app."""
    return Cli(server.address, tokens.publisher())


@pytest.fixture
def user(server: ServerProcess, ada: str) -> Cli:
    """Commands of the user."""
    return Cli(server.address, tokens.device(ada))
