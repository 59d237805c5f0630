"""Every promise of streams: on random histories of the core, with buses that lose hints, and cuts."""

from itertools import count
from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.guarantees.stateful import core_faults
from tests.guarantees.stateful.core_faults import FAULTS, Break
from tests.guarantees.stateful.core_machine import CoreMachine
from tests.guarantees.stateful.profiles import finds, holds
from tests.guarantees.thorough import thorough
from unisono.server.core import catch_up_cache

#: To make a failing history short takes its time.
pytestmark = pytest.mark.timeout(600)

#: Of the faults, those that are found soonest.
ALWAYS = (core_faults.keeps_removals_to_itself, core_faults.miscounts, core_faults.believes_every_hint)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[CoreMachine]:
    """Return a machine that uses a new file each time; pages are short, so that catch-ups take several."""
    monkeypatch.setattr(catch_up_cache, "PAGE_ROWS", 3)
    numbers = count()

    class OnFile(CoreMachine):
        def __init__(self) -> None:
            super().__init__(tmp_path / f"{next(numbers)}.db")

    return OnFile


def test_every_promise_is_kept(machine: type[CoreMachine]) -> None:
    run_state_machine_as_test(machine, settings=holds(20, steps=40))


@pytest.mark.parametrize("fault", thorough(FAULTS, always=ALWAYS, name=lambda fault: fault.__name__))
def test_what_is_broken_is_found(
    fault: Break, machine: type[CoreMachine], monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)
    assert finds(machine, 100, steps=40)
