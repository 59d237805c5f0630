"""A group that fails says why, and keeps no other from being measured."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from rich.console import Console

from benchmarks.cli.progress import ProgressReporter
from benchmarks.load.callers import CallFailed
from benchmarks.metrics import Group, Scale, Workloads
from benchmarks.results import GroupResult
from benchmarks.running import SkippedGroup, run
from benchmarks.samples import Sample
from tests.benchmarks.fakes import group, sample

ONE_ROUND = Scale(rounds=1, size=0.5)

SATURATED = group({"echo": [sample(1.0, busy=1.0)]}, name="saturated")
NOTHING = group({"echo": [sample(0.0)], "send": [sample(0.0)]}, name="nothing")


def of_one_workload(name: str, fails: Exception, *, at_the_loop: bool = False) -> Group:
    """Either the workload fails, or somebody for whom it waits, whom nobody awaits."""

    async def echo() -> Sample:
        if not at_the_loop:
            raise fails
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.call_exception_handler, {"message": "a callback failed", "exception": fails})
        await loop.create_future()
        raise AssertionError("unreachable")

    @asynccontextmanager
    async def opened(_scale: Scale) -> AsyncIterator[Workloads]:
        yield {"echo": echo}

    return replace(group(name=name), open=opened)


@pytest.mark.parametrize(
    ("bad", "why", "failed"),
    [
        (SATURATED, "echo: the generator's core was too busy, 3 times", True),
        (NOTHING, "echo: too little was done to be measured", True),
        (of_one_workload("refused", CallFailed("/Send: INTERNAL")), "/Send: INTERNAL", True),
        (of_one_workload("lost", CallFailed("a stream ended"), at_the_loop=True), "a stream ended", True),
        (of_one_workload("reset", ConnectionResetError()), "ConnectionResetError", True),
        (group(name="missing", missing="a peer is not installed"), "a peer is not installed", False),
    ],
    ids=lambda value: value.name if isinstance(value, Group) else "",
)
def test_the_others_go_on(bad: Group, why: str, failed: bool) -> None:
    fakes = (group(name="before"), bad, group(name="after"))
    before, outcome, after = run(fakes, ONE_ROUND, "make bench", ProgressReporter(Console(quiet=True)))
    assert outcome == SkippedGroup(name=bad.name, why=why, failed=failed)
    assert isinstance(before, GroupResult)
    assert isinstance(after, GroupResult)


def test_a_fault_of_the_program_ends_it() -> None:
    bad = of_one_workload("bad", TypeError("a fault"))
    with pytest.raises(TypeError, match="a fault"):
        list(run([bad], ONE_ROUND, "make bench", ProgressReporter(Console(quiet=True))))


def test_a_group_says_how_it_was_measured() -> None:
    fake = group({"echo": [sample(1.0)], "send": [sample(9.0, busy=0.95), sample(1.5)]})
    (outcome,) = run([fake], ONE_ROUND, "make bench", ProgressReporter(Console(quiet=True)))
    assert isinstance(outcome, GroupResult)
    assert outcome.void == 1
    assert outcome.conditions.command == "make bench ONLY=fake"
    assert outcome.conditions.scale == ONE_ROUND
    assert outcome.conditions.machine.keys() >= {"processor", "cores"}
    assert outcome.conditions.versions.keys() >= {"python", "grpcio"}
