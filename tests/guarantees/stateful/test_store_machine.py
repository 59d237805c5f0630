"""Durable, Complete, Exact: whatever happens to a store, it answers as its model in memory does."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.contract.backends import STORES, StoreBackend
from tests.guarantees.stateful import broken_stores
from tests.guarantees.stateful.broken_stores import BROKEN, BrokenBackend
from tests.guarantees.stateful.profiles import finds, holds
from tests.guarantees.stateful.store_machine import StoreMachine
from tests.guarantees.thorough import thorough
from unisono.server.store.sqlite import SqliteStore

#: To make a failing history short takes its time.
pytestmark = pytest.mark.timeout(600)

#: Of those that break it, which are found soonest.
ALWAYS = (broken_stores.ForgetsWhenOpened, broken_stores.OverlooksGroups)


def on(make: Callable[[Path], StoreBackend], path: Path) -> type[StoreMachine]:
    """Return a machine on a backend that uses a new folder each time."""
    numbers = count()

    class OnFolder(StoreMachine):
        def __init__(self) -> None:
            folder = path / str(next(numbers))
            folder.mkdir()
            super().__init__(make(folder))

    return OnFolder


@pytest.mark.parametrize("backend", STORES)
def test_a_store_answers_as_its_model(backend: str, tmp_path: Path) -> None:
    machine = on(STORES[backend], tmp_path)
    run_state_machine_as_test(machine, settings=holds(25, steps=40))


@pytest.mark.parametrize("kind", thorough(BROKEN, always=ALWAYS, name=lambda kind: kind.__name__))
def test_a_store_that_breaks_its_contract_is_found(kind: type[SqliteStore], tmp_path: Path) -> None:
    machine = on(lambda folder: BrokenBackend(folder, kind), tmp_path)
    assert finds(machine, 60, steps=40)
