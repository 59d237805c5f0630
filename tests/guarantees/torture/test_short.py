"""A short run of a trial on a real server breaks no promise, however long things take.

A third of the trials run each time, in turn; all of them, and at length, with `make torture`.
"""

import pytest

from tests.guarantees.thorough import in_turn, thorough
from tests.guarantees.torture.run import run
from tests.guarantees.torture.tools import require
from tests.guarantees.torture.trial import Trial
from tests.guarantees.torture.trials import TRIALS

SEED = 1

NOW = in_turn(TRIALS, turns=3)


@pytest.mark.parametrize("trial", thorough(TRIALS, always=NOW, name=lambda trial: trial.name))
def test_no_promise_is_broken(trial: Trial) -> None:
    require(trial.needs)
    rounds: list[None] = []

    result = run(trial, seed=SEED, rounds=trial.short, done=lambda: rounds.append(None), timed=False)

    assert result.failure == ""
    assert {name: str(broken) for name, broken in result.broken.items()} == {}
    assert len(rounds) == trial.short
