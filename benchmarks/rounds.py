"""Runs the workloads of a group in turn, so that what the machine does meanwhile meets them all alike."""

from collections.abc import Callable
from typing import Final

from benchmarks.metrics import Group, Scale, Workload, Workloads
from benchmarks.samples import Sample, Samples, is_void

#: How often a run is done again that says more of the generator than of the server.
_TRIES: Final = 3

REPEAT_SUFFIX: Final = " again"
"""What the name of the floor has behind it where it is measured against itself."""

OnRun = Callable[[str, bool], None]
"""Called when a workload was run, and whether the run was void."""

OnStart = Callable[[str, int, int], None]
"""Called with the workload that is run next, how many were before it, and how many there are in all."""


class GeneratorSaturated(Exception):
    """The generator cannot make enough work to measure the server."""


async def samples(
    group: Group, scale: Scale, on_run: OnRun, on_start: OnStart = lambda *_: None
) -> list[Samples]:
    """Those of every round. Every other round goes the other way round. Raises Saturated."""

    async def measured(number: int, workloads: Workloads) -> Samples:
        order = [*workloads, group.floor + REPEAT_SUFFIX]
        one: dict[str, Sample] = {}
        for name in order if number % 2 == 0 else reversed(order):
            on_start(name, number * len(order) + len(one), scale.rounds * len(order))
            one[name] = await _valid(name, workloads[name.removesuffix(REPEAT_SUFFIX)], on_run)
        return one

    rounds: list[Samples] = []
    while len(rounds) < scale.rounds:
        until = scale.rounds if group.lasting else len(rounds) + 1
        async with group.open(scale) as workloads:
            rounds += [await measured(number, workloads) for number in range(len(rounds), until)]
    return rounds


async def _valid(name: str, workload: Workload, on_run: OnRun) -> Sample:
    for _ in range(_TRIES):
        sample = await workload()
        void = is_void(sample)
        on_run(name, void)
        if not void:
            return sample
    raise GeneratorSaturated(f"{name}: the generator's core was too busy, {_TRIES} times")
