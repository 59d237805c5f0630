"""Goes through trials, round by round, and has each history judged. Knows no terminal."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.guarantees.patches import Patch
from tests.guarantees.torture.context import TrialContext
from tests.guarantees.torture.trial import Trial
from tests.support.processes import TIMEOUT
from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.checker import check
from unisono.verify.history import Annotation, History
from unisono.verify.run_stats import RunStats

#: How long a run may take that hangs, in seconds: so much, and so much more for each round.
HANGS = 300.0
HANGS_PER_ROUND = 60.0


@dataclass(slots=True, kw_only=True)
class Result:
    """What came of a trial: statistics, what was measured, broken promises, or why it could not go on."""

    trial: Trial
    rounds: int = 0
    stats: RunStats = field(default_factory=RunStats)
    measured: list[Annotation] = field(default_factory=list)
    broken: dict[str, BrokenPromise] = field(default_factory=dict)
    failure: str = ""
    #: Of the run that went wrong: its seed, its number of rounds, and what was recorded.
    again: tuple[int, int] | None = None
    history: History | None = None

    @property
    def good(self) -> bool:
        """Whether all went well."""
        return not self.broken and not self.failure


def run(
    trial: Trial,
    *,
    seed: int,
    rounds: int,
    done: Callable[[], None] = lambda: None,
    patches: Sequence[Patch] = (),
    timeout: float = TIMEOUT,
    timed: bool = True,
) -> Result:
    """So many rounds of a trial, in histories of a few; up to the first that goes wrong.

    `done` is called after each round; for the others see `TrialContext`.
    """
    result = Result(trial=trial)
    for start, count in _parts(rounds, trial.rounds_per_history):
        with tempfile.TemporaryDirectory(prefix="unisono-torture-") as folder:
            context = TrialContext(
                folder=Path(folder),
                seed=seed + start,
                rounds=count,
                done=done,
                patches=patches,
                timeout=timeout,
                timed=timed,
            )
            history, failure = _one(trial, context)
        result.rounds += count
        # How fast things arrive says nothing here, and there are millions of them.
        result.stats += replace(RunStats.of(history), latencies=())
        result.measured += [
            annotation for annotation in history.annotations if "measured" in annotation.values
        ]
        result.broken, result.failure = check(history), failure
        if not result.good:
            result.again, result.history = (seed + start, count), history
            break
    return result


def _one(trial: Trial, context: TrialContext) -> tuple[History, str]:
    """What was recorded, and what went wrong besides."""
    try:
        asyncio.run(_in_time(trial, context))
    # What is recorded is judged, whatever stopped the trial.
    except (Exception, pytest.fail.Exception) as error:
        return context.recorder.history, repr(error)
    return context.recorder.history, ""


async def _in_time(trial: Trial, context: TrialContext) -> None:
    async with asyncio.timeout(HANGS + HANGS_PER_ROUND * context.rounds):
        await trial.run(context)


def _parts(rounds: int, rounds_per_history: int) -> Iterator[tuple[int, int]]:
    """Where each history begins, and how many rounds it has."""
    for start in range(0, rounds, rounds_per_history):
        yield start, min(rounds_per_history, rounds - start)
