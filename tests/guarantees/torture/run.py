"""Runs a trial in parts of some rounds, and judges the history of each."""

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

#: After how many seconds a run counts as hanging: a base, and more for each round.
HANGS = 300.0
HANGS_PER_ROUND = 60.0


@dataclass(slots=True, kw_only=True)
class Result:
    """The result of a trial: statistics, measured values, broken promises, or the error that ended it."""

    trial: Trial
    rounds: int = 0
    stats: RunStats = field(default_factory=RunStats)
    measured: list[Annotation] = field(default_factory=list)
    broken: dict[str, BrokenPromise] = field(default_factory=dict)
    failure: str = ""
    #: Seed and number of rounds of the part that failed, and its history.
    again: tuple[int, int] | None = None
    history: History | None = None

    @property
    def good(self) -> bool:
        """Return whether no promise was broken, and the trial came to its end."""
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
    """Run a trial for so many rounds, in histories of a few, up to the first that fails.

    `done` is called after each round; for the other parameters see `TrialContext`.
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
                web=trial.web,
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
    """Run one part of a trial, and return its history, and the error that ended it, if any."""
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
    """Yield the first round of each history, and the number of its rounds."""
    for start in range(0, rounds, rounds_per_history):
        yield start, min(rounds_per_history, rounds - start)
