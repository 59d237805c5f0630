"""Runs groups, one after the other, whatever becomes of each. Knows nobody who looks on."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import pytest

from benchmarks.load.callers import CallFailed
from benchmarks.machine import environment
from benchmarks.metrics import Group, Scale
from benchmarks.results import Conditions, GroupResult, RunTooShort
from benchmarks.rounds import GeneratorSaturated, samples
from benchmarks.samples import Samples
from benchmarks.servers.processes import Failed

#: What keeps a group from its end. Servers that do not start fail a test, since tests start them too.
_FAILURES: Final = (GeneratorSaturated, RunTooShort, CallFailed, Failed, OSError, pytest.fail.Exception)


class RunListener(Protocol):
    """Looks on."""

    def group_started(self, group: Group) -> None:
        """A group begins."""

    def workload_started(self, workload: str, before: int, of: int) -> None:
        """So does a workload of it, after so many of so many."""

    def workload_ended(self, workload: str, void: bool) -> None:
        """It has been run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedGroup:
    """A group of which there are no metrics. Either it `failed`, or it cannot be run here."""

    name: str
    why: str
    failed: bool


Outcome = GroupResult | SkippedGroup


def run(groups: Sequence[Group], scale: Scale, command: str, listener: RunListener) -> Iterator[Outcome]:
    """What becomes of each; `command` is what makes one of them again, less its name."""
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
    """Nobody waits for a stream that is refused: what it raises, it raises at the event loop."""
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
