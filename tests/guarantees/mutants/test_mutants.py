"""A server that breaks a promise is caught by a short run of real faults, and the promise is named."""

from pathlib import Path

import pytest

from tests.guarantees.mutants.build import build
from tests.guarantees.mutants.mutants import MUTANTS, Mutant
from tests.guarantees.torture.run import run
from unisono.verify.checker import PROMISES, check

ENDS = 3

#: Every third is tried each time; `make mutants` tries all.
ALWAYS = MUTANTS[::3]


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(mutant, marks=() if mutant in ALWAYS else pytest.mark.thorough, id=mutant.name)
        for mutant in MUTANTS
    ],
)
async def test_it_is_caught(mutant: Mutant, tmp_path: Path) -> None:
    env = build(mutant, tmp_path / "mutant")

    broken = check(await run(tmp_path, seed=1, ends=ENDS, env=env))

    assert mutant.promise in broken, f"{mutant.name} was not caught, but {sorted(broken)}"


def test_each_breaks_a_promise_of_the_contract() -> None:
    assert {mutant.promise for mutant in MUTANTS} <= set(PROMISES)
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
