"""Every RPC, reached for by everybody: nobody reads, changes or learns of what is someone else's."""

import itertools
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.api.isolation_matrix.callers import CALLERS, Caller
from tests.api.isolation_matrix.reaches import NAME_NOTHING, REACHES
from tests.api.isolation_matrix.rows import play
from tests.api.isolation_matrix.table import EXPECTED, EXPLAINED, WORDS
from tests.api.isolation_matrix.trust import verifier
from tests.support.clocks import FakeClock
from tests.support.methods import Method, methods
from tests.support.nodes import Running, Setup, running
from unisono.server.model import Limits

_NUMBERS = itertools.count()

#: What answers everybody in the same way, since it is about the server.
OF_THE_SERVER = ("GetServerInfo", "ServerReflectionInfo", "GetStats")


def ways_of(method: Method) -> list[str]:
    return [way for way in REACHES if way.split(",")[0] == method.name]


ROWS = [(method, way) for method in methods() for way in ways_of(method)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """One server for all cells. Its time stands still, so that answers differ in no time either."""
    path = tmp_path_factory.mktemp("matrix") / "unisono.db"
    limits, clock = Limits(stranger_calls_per_second=100_000), FakeClock()
    setup = Setup(path=path, clock=clock, limits=limits, verifier=verifier(clock))
    async with running(setup) as serving:
        yield serving


def _knows(caller: Caller) -> bool:
    return caller.owner or caller.admin


def test_every_rpc_has_a_row() -> None:
    lacking = {method.name for method in methods() if not ways_of(method)}
    assert not lacking, f"say in reaches.py how to reach for what is someone else's with {lacking}"
    assert EXPECTED.keys() == REACHES.keys(), "each way in reaches.py needs a row in README.md"
    assert {name for row in EXPECTED.values() for name in row} == CALLERS.keys() == EXPLAINED


def test_every_field_of_a_request_is_reached_with_or_names_nothing() -> None:
    unknown = {
        f"{method.name}.{field.name}"
        for method in methods()
        if method.descriptor is not None
        for field in method.descriptor.input_type.fields
        if field.name not in NAME_NOTHING.union(*(REACHES[way].named(method) for way in ways_of(method)))
    }
    assert not unknown, f"reach with {unknown} in reaches.py, or say there that they name nothing"


def test_what_is_of_somebody_is_answered_apart() -> None:
    wrong = [
        (way, name)
        for way, row in EXPECTED.items()
        for name, word in row.items()
        if (word == "yes") != ("OK" in WORDS[word] and (_knows(CALLERS[name]) or way in OF_THE_SERVER))
    ]
    assert not wrong


@pytest.mark.parametrize(("method", "way"), ROWS, ids=[f"{method.path} {way}" for method, way in ROWS])
async def test_each_caller_gets_what_the_table_says(node: Running, method: Method, way: str) -> None:
    row = await play(node, method, way, next(_NUMBERS))
    unexpected = {
        name: (word, row.outcomes[name])
        for name, word in EXPECTED[way].items()
        if row.outcomes[name] not in WORDS[word]
    }
    assert not unexpected
    assert not row.told_apart, "they can tell it from what does not exist"
    assert not row.told, "they were sent something of the user's"
    assert not row.changed, "something of the user's was changed by them"
