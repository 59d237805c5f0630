"""Measures what one run of a workload takes."""

import math
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from benchmarks.machine import cores, usage

#: How busy the generator's core may be (0 to 1): above, the generator is measured instead of the server.
MAX_BUSY: Final = 0.9

Sample = Mapping[str, float]
"""The measurements of one run, by measure: in seconds, operations a second or bytes.

`cpu` is the server's processor time for one operation, `rate` operations a second, `busy` how busy the
generator's core was (0 to 1); others are the workload's own.
"""

Samples = Mapping[str, Sample]
"""The samples of one round, by name of the workload."""


class Measurement:
    """One measurement under way.

    The work sets `operations` to how many there were, and `measures` to further measures; `sample` has the
    outcome afterwards.
    """

    def __init__(self) -> None:
        self.operations = 0
        self.measures: dict[str, float] = {}
        self.sample: Sample = {}


@contextmanager
def measure(pid: int) -> Iterator[Measurement]:
    """Measure what the server with process id `pid` takes for the work inside the `with` block.

    The block must set `operations`. Nothing is measured when it raises.
    """
    work = Measurement()
    server, core, began = usage.processor_time(pid), usage.busy_time(cores.GENERATOR), time.perf_counter()
    yield work
    wall = time.perf_counter() - began
    work.sample = {
        "cpu": (usage.processor_time(pid) - server) / work.operations,
        "rate": work.operations / wall,
        "busy": (usage.busy_time(cores.GENERATOR) - core) / wall,
        **work.measures,
    }


def combined(samples: Sequence[Sample]) -> Sample:
    """Combine samples of runs of equally many operations into one: `cpu`, `rate` and `busy`.

    One alone stays as it is.
    """
    if len(samples) == 1:
        return samples[0]
    walls = [1 / sample["rate"] for sample in samples]
    busy = sum(sample["busy"] * wall for sample, wall in zip(samples, walls, strict=True))
    return {
        "cpu": statistics.fmean(sample["cpu"] for sample in samples),
        "rate": len(walls) / sum(walls),
        "busy": busy / sum(walls),
    }


def never_void(sample: Sample) -> Sample:
    """Return a sample without `busy`, of work for which the generator's core may well be busy."""
    return {measure: value for measure, value in sample.items() if measure != "busy"}


def is_void(sample: Sample) -> bool:
    """Return whether the generator's core was too busy, so that the sample says little of the server."""
    return sample.get("busy", 0.0) > MAX_BUSY


def quantiles(times: Sequence[float]) -> dict[str, float]:
    """Return the median (`p50`) and the 99th percentile (`p99`) of times, of which there is at least one."""
    ordered = sorted(times)
    last = math.ceil(len(ordered) * 0.99) - 1
    return {"p50": statistics.median(ordered), "p99": ordered[last]}
