"""Runs groups one after the other; one that fails does not stop the others."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import pytest

from benchmarks.load.callers import CallFailed
from benchmarks.machine import environment
from benchmarks.metric_results import RunTooShort
from benchmarks.metrics import Group, Scale
from benchmarks.results import Conditions, GroupResult
from benchmarks.rounds import GeneratorSaturated, samples
from benchmarks.samples import Samples
from benchmarks.servers.processes import Failed

#: The errors that fail a group only. A server that does not start raises what fails a test, as tests start
#: servers by the same code.
_FAILURES: Final = (GeneratorSaturated, RunTooShort, CallFailed, Failed, OSError, pytest.fail.Exception)


class RunListener(Protocol):
    """Receives the progress of a run."""

    def group_started(self, group: Group) -> None:
        """Called before a group is run; not for one that cannot be run here."""

    def workload_started(self, workload: str, before: int, of: int) -> None:
        """Called once before a workload is run in a round; `before` of `of` were run before it."""

    def workload_ended(self, workload: str, void: bool) -> None:
        """Called after each run of a workload; a void one is repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedGroup:
    """A group without metrics: it `failed`, or it cannot be run here, since something is not installed."""

    name: str
    why: str
    failed: bool


Outcome = GroupResult | SkippedGroup


def run(groups: Sequence[Group], scale: Scale, command: str, listener: RunListener) -> Iterator[Outcome]:
    """Run groups, and yield the outcome of each as soon as it is over.

    `command` is the command line that runs one of them again, without its name. Errors of measuring end a
    group as a `SkippedGroup`, others are raised.
    """
    for group in groups:
        if missing := group.missing():
            yield SkippedGroup(name=group.name, why=missing, failed=False)
            continue
        listener.group_started(group)
        yield _run(group, scale, command, listener)


def _run(group: Group, scale: Scale, command: str, listener: RunListener) -> Outcome:
    void = 0

    def on_run(workload: str, is_void: bool) -> None:
        nonlocal void
        void += is_void
        listener.workload_ended(workload, is_void)

    conditions = Conditions(
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        command=f"{command} ONLY={group.name}",
        machine=environment.machine(),
        versions=environment.versions(),
        scale=scale,
    )
    try:
        rounds = asyncio.run(_until_refused(samples(group, scale, on_run, listener.workload_started)))
        return GroupResult.of(group, rounds, void, conditions)
    except _FAILURES as error:
        return SkippedGroup(name=group.name, why=str(error) or type(error).__name__, failed=True)


async def _until_refused(measuring: Coroutine[Any, Any, list[Samples]]) -> list[Samples]:
    """Raise the CallFailed of a stream that fails, which only the event loop sees: no task awaits it."""
    running = asyncio.create_task(measuring)
    refused: list[CallFailed] = []

    def tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, CallFailed):
            refused.append(error)
            running.cancel()
        else:
            loop.default_exception_handler(context)

    asyncio.get_running_loop().set_exception_handler(tell)
    try:
        return await running
    except asyncio.CancelledError:
        if refused:
            raise refused[0] from None
        raise
