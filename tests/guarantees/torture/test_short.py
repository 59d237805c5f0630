"""A short run of real faults on a real server breaks no promise."""

from pathlib import Path

import pytest

from tests.guarantees.torture.figures import Figures
from tests.guarantees.torture.run import run
from tests.support.processes import PATIENCE
from unisono.verify.checker import check


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", [1, 2])
async def test_no_promise_is_broken(tmp_path: Path, seed: int) -> None:
    history = await run(tmp_path, seed=seed, ends=6)

    figures = Figures.of(history)
    assert figures.kills + figures.stops == 6
    assert min(figures.sends_acknowledged, figures.events_received, figures.resumes) > 30
    assert 0 < figures.longest_recovery < PATIENCE
    assert {name: str(broken) for name, broken in check(history).items()} == {}
