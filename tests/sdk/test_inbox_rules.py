"""Whatever happens, and wherever a stream breaks: the inbox is the store's state, and rings come once."""

import pytest

from tests.guarantees.thorough import thorough
from tests.sdk.inbox_model import Ran, history

#: Histories are replayed by their seed, here in parts that can run beside each other; one of them each time.
PARTS = range(4)
ALWAYS = PARTS[:1]
HISTORIES = 120


@pytest.mark.parametrize("part", thorough(PARTS, always=ALWAYS, name=str))
async def test_no_history_breaks_a_promise(part: int) -> None:
    ran = [await replayable(seed) for seed in range(part * HISTORIES, (part + 1) * HISTORIES)]

    # The histories were about something.
    assert sum(r.complete_points for r in ran) > 8 * HISTORIES
    assert sum(r.rings for r in ran) > HISTORIES
    assert sum(r.resets for r in ran) > 2 * HISTORIES
    assert sum(r.stalls for r in ran) > HISTORIES


async def replayable(seed: int) -> Ran:
    try:
        return await history(seed)
    except AssertionError as broken:
        raise AssertionError(f"the history of seed {seed}: {broken}") from broken
