"""Runs the workloads of a group in turn, so that whatever else the machine does affects all of them alike."""

from collections.abc import Callable
from typing import Final

from benchmarks.metrics import Group, Scale, Workload, Workloads
from benchmarks.samples import Sample, Samples, combined, is_void

#: How often a workload is run until a run is not void.
_TRIES: Final = 3

REPEAT_SUFFIX: Final = " again"
"""The suffix of the floor's name for its second run in a round, with which it is compared."""

OnRun = Callable[[str, bool], None]
"""Called after each run of a workload, with its name and whether the run was void."""

OnStart = Callable[[str, int, int], None]
"""Called before a workload runs, with its name, how many were before it, and how many there are in all."""


class GeneratorSaturated(Exception):
    """The generator's core was too busy in all tries, so that the generator was measured, not the server."""


async def samples(
    group: Group, scale: Scale, on_run: OnRun, on_start: OnStart = lambda *_: None
) -> list[Samples]:
    """Run a group, and return the samples of each round.

    Every other round, or piece of one, runs the workloads in reverse order; the floor runs twice. Raises
    GeneratorSaturated, and whatever the workloads raise.
    """
    pieces = scale.of(group.pieces)

    async def measured(number: int, workloads: Workloads) -> Samples:
        order = [*workloads, group.floor + REPEAT_SUFFIX]
        taken: dict[str, list[Sample]] = {name: [] for name in order}
        for piece in range(number * pieces, (number + 1) * pieces):
            for place, name in enumerate(order if piece % 2 == 0 else reversed(order)):
                on_start(name, piece * len(order) + place, scale.rounds * pieces * len(order))
                taken[name].append(await _valid(name, workloads[name.removesuffix(REPEAT_SUFFIX)], on_run))
        return {name: combined(samples) for name, samples in taken.items()}

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
