"""This release and the one before serve one store in turn, under traffic, and no promise is broken."""

import asyncio
import signal
from functools import partial

import pytest

from tests.guarantees.thorough import in_turn, thorough
from tests.guarantees.torture.context import TrialContext
from tests.guarantees.torture.run import run
from tests.guarantees.torture.trial import Trial
from tests.upgrade.releases import BEFORE, THIS, environment, serves

RELEASES = (THIS, BEFORE)

SEED = 1
ROUNDS = 3

#: How many sends each serves at least, and how long traffic flows besides at most, in seconds.
SENDS, CALM = 5, 0.6

#: The store is left as a drain leaves it, and as `kill -9` does.
ENDS = (signal.SIGTERM, signal.SIGKILL, signal.SIGKILL)


async def change_places(first: str, context: TrialContext) -> None:
    """Let another release serve in each round, `first` before the first."""
    second = BEFORE if first == THIS else THIS
    async with context.server(env=environment(first)) as server:
        assert await serves(server.address) == first
        async with context.traffic(server.address) as workload:
            for number, version in zip(ENDS, (second, first) * context.rounds, strict=False):
                await context.calls("SendNotification", SENDS)
                await asyncio.sleep(context.random.uniform(0, CALM))
                await server.end(number)
                await server.start(environment(version))
                assert await serves(server.address) == version
                await workload.wait_live()
                context.done()


@pytest.mark.parametrize("first", thorough(RELEASES, always=in_turn(RELEASES, turns=2), name=str))
def test_nothing_is_lost_whoever_begins(first: str) -> None:
    environment(BEFORE)
    trial = Trial(
        name="upgraded",
        says="this release and the one before in turn",
        run=partial(change_places, first),
        full=ROUNDS,
        short=ROUNDS,
    )
    rounds: list[None] = []
    result = run(trial, seed=SEED, rounds=ROUNDS, done=lambda: rounds.append(None), timed=False)

    assert result.failure == ""
    assert {name: str(broken) for name, broken in result.broken.items()} == {}
    assert (len(rounds), result.stats.resumes > 0) == (ROUNDS, True)
