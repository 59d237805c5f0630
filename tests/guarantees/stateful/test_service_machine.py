"""Every promise, and that others learn nothing: on random histories of the whole service over gRPC."""

from itertools import count
from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.guarantees.stateful.core_faults import Break, miscounts
from tests.guarantees.stateful.profiles import finds, holds
from tests.guarantees.stateful.service_faults import FAULTS, bars_nobody
from tests.guarantees.stateful.service_machine import ServiceMachine
from tests.guarantees.thorough import in_turn, thorough
from unisono.server.core import catch_up_cache

#: To make a failing history short takes its time.
pytestmark = pytest.mark.timeout(600)

#: Of the faults, those that are found soonest, in turn.
NOW = in_turn((bars_nobody, miscounts), turns=2)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[ServiceMachine]:
    """Return a machine that uses a new file each time; pages are short, so that catch-ups take several."""
    monkeypatch.setattr(catch_up_cache, "PAGE_ROWS", 3)
    numbers = count()

    class OnFile(ServiceMachine):
        def __init__(self) -> None:
            super().__init__(tmp_path / f"{next(numbers)}.db")

    return OnFile


def test_every_promise_is_kept(machine: type[ServiceMachine]) -> None:
    run_state_machine_as_test(machine, settings=holds(15, steps=25))


@pytest.mark.parametrize("fault", thorough(FAULTS, always=NOW, name=lambda fault: fault.__name__))
def test_what_is_broken_is_found(
    fault: Break, machine: type[ServiceMachine], monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)
    assert finds(machine, 60, steps=25)
