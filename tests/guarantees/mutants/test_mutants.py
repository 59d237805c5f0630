"""A server that breaks a promise is caught by a short run of real faults, and the promise is named."""

import pytest

from tests.guarantees.mutants.mutant import Mutant
from tests.guarantees.mutants.mutants import MUTANTS
from tests.guarantees.thorough import in_turn, thorough
from tests.guarantees.torture.run import run
from tests.guarantees.torture.tools import require
from tests.support import transports
from unisono.verify.checker import PROMISES

#: Chance may spare a server once: what is not seen with the first is tried with the next.
SEEDS = range(1, 4)

#: How long a device is waited for that has not got everything, in seconds: most of what is broken shows so.
TIMEOUT = 6.0

#: Those that are seen soon, in any load of the machine, and those of them that are tried this time.
QUICK = [mutant for mutant in MUTANTS if mutant.quick]
NOW = in_turn(QUICK, turns=3)


@pytest.mark.parametrize("mutant", thorough(MUTANTS, always=NOW, name=lambda mutant: mutant.name))
def test_it_is_caught(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    require(mutant.trial.needs)
    if mutant.transport:
        monkeypatch.setattr(transports, "NAME", mutant.transport)

    for seed in SEEDS:
        result = run(
            mutant.trial,
            seed=seed,
            rounds=mutant.rounds or mutant.trial.short,
            patches=[mutant.patch],
            timeout=TIMEOUT,
            # What is quick shares its machine with other tests.
            timed=not mutant.quick,
        )
        if mutant.promise in result.broken:
            return
    pytest.fail(f"not caught with any of {len(SEEDS)} seeds")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_its_patch_fits(mutant: Mutant) -> None:
    assert mutant.patch.applied(mutant.patch.path.read_text())


def test_a_third_of_them_is_tried_in_three_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    for turn in range(7, 10):
        monkeypatch.setenv("TURN", str(turn))
        tried += [mutant.name for mutant in in_turn(QUICK, turns=3)]

    assert sorted(tried) == sorted(mutant.name for mutant in QUICK)
    assert len(MUTANTS) / 3 <= len(QUICK) < len(MUTANTS)


def test_each_promise_is_broken_by_one() -> None:
    assert {mutant.promise for mutant in MUTANTS} == set(PROMISES)
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
