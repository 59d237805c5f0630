"""What is explained of random histories is what the record of them says: of each notification, each fact.

In `make test` these are a few histories, in `make mutants` a hundred.
"""

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from google.protobuf.duration_pb2 import Duration
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from tests.guarantees.stateful.explained_faults import FAULTS, Break
from tests.guarantees.stateful.explained_system import ExplainedSystem
from tests.guarantees.stateful.profiles import finds, holds
from tests.guarantees.stateful.service_device import ServiceDevice
from tests.guarantees.stateful.service_machine import ServiceMachine, devices
from tests.guarantees.thorough import in_turn, thorough
from tests.support.api_client import ACTIVATED, DISMISSED, READ, SNOOZED
from unisono.server.core import admission

#: To make a failing history short takes its time.
pytestmark = pytest.mark.timeout(900)

#: Percent of the histories of the profile that is `steady` in `make test`, and `long` in `make mutants`.
FEW, ALL = 15, 100


#: What a person does with what has come.
STATES: Final[Sequence[dict[str, Any]]] = (
    {"read_state": READ},
    {"user_action_state": ACTIVATED},
    {"user_action_state": DISMISSED},
    {"user_action_state": SNOOZED, "snooze_for": Duration(seconds=20)},
)


class ExplainedMachine(ServiceMachine):
    """A machine of a service that explains: what it says must be what was recorded."""

    _system: ExplainedSystem

    def system(self, path: Path) -> ExplainedSystem:
        return ExplainedSystem(path)

    async def finish(self) -> None:
        await super().finish()
        await self._system.hold_explanations()

    @rule(device=devices, state=st.sampled_from(STATES))
    def handle(self, device: int, state: dict[str, Any]) -> None:
        self.run(self._handle(self._system.devices[device], state))

    @rule()
    def explain(self) -> None:
        self.run(self._explain())

    async def _handle(self, device: ServiceDevice, state: dict[str, Any]) -> None:
        """Handle what the device has said that it has."""
        await self._system.settle()
        await device.acknowledge()
        await self._system.handle(device, **state)

    async def _explain(self) -> None:
        await self._system.settle()
        await self._system.hold_explanations()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[ExplainedMachine]:
    """Return a machine that uses a new file each time; its clock stands still, so admins call at once."""
    monkeypatch.setattr(admission, "ADMIN_CALLS_AT_ONCE", 1_000_000)
    numbers = count()

    class OnFile(ExplainedMachine):
        def __init__(self) -> None:
            super().__init__(tmp_path / f"{next(numbers)}.db")

    return OnFile


@pytest.mark.parametrize("share", thorough((FEW, ALL), always=(FEW,), name=str))
def test_what_is_explained_is_what_was_recorded(machine: type[ExplainedMachine], share: int) -> None:
    run_state_machine_as_test(machine, settings=holds(share, steps=25))


@pytest.mark.parametrize(
    "fault", thorough(FAULTS, always=in_turn(FAULTS, turns=len(FAULTS)), name=lambda fault: fault.__name__)
)
def test_a_fact_that_is_told_wrongly_is_found(
    fault: Break, machine: type[ExplainedMachine], monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)
    assert finds(machine, 60, steps=25)
