"""Runs the workloads of a group in turn, so that what the machine does meanwhile meets them all alike."""

from collections.abc import Callable
from typing import Final

from benchmarks.figures import Group, Scale, Workload, Workloads
from benchmarks.samples import Sample, Samples, is_void

#: How often a run is done again that says more of the generator than of the server.
_TRIES: Final = 3

AGAIN: Final = " again"
"""What the name of the floor has behind it where it is measured against itself."""

Told = Callable[[str, bool], None]
"""Told that a workload was run, and whether the run was void."""

Begins = Callable[[str, int, int], None]
"""Told which workload is run next, how many were before it, and how many there are in all rounds."""


class Saturated(Exception):
    """The generator cannot make enough work to measure the server."""


async def samples(group: Group, scale: Scale, told: Told, begins: Begins = lambda *_: None) -> list[Samples]:
    """Those of every round. Every other round goes the other way round. Raises Saturated."""

    async def measured(number: int, workloads: Workloads) -> Samples:
        order = [*workloads, group.floor + AGAIN]
        one: dict[str, Sample] = {}
        for name in order if number % 2 == 0 else reversed(order):
            begins(name, number * len(order) + len(one), scale.rounds * len(order))
            one[name] = await _valid(name, workloads[name.removesuffix(AGAIN)], told)
        return one

    rounds: list[Samples] = []
    while len(rounds) < scale.rounds:
        until = scale.rounds if group.lasting else len(rounds) + 1
        async with group.open(scale) as workloads:
            rounds += [await measured(number, workloads) for number in range(len(rounds), until)]
    return rounds


async def _valid(name: str, workload: Workload, told: Told) -> Sample:
    for _ in range(_TRIES):
        sample = await workload()
        void = is_void(sample)
        told(name, void)
        if not void:
            return sample
    raise Saturated(f"{name}: the generator's core was too busy, {_TRIES} times")
