"""A short run of real faults on a real server breaks no promise."""

from pathlib import Path

import pytest

from tests.guarantees.torture.run import run
from unisono.verify.checker import check


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", [1, 2])
async def test_no_promise_is_broken(tmp_path: Path, seed: int) -> None:
    history = await run(tmp_path, seed=seed, ends=6)

    assert sum(call.good for call in history.calls) > 100
    assert {name: str(broken) for name, broken in check(history).items()} == {}
