"""What one run of a workload took. Knows no workload and no metric."""

import math
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from benchmarks.machine import cores, usage

#: How busy the core of whoever makes the work may be: above it, it is the generator that is measured.
MAX_BUSY: Final = 0.9

Sample = Mapping[str, float]
"""By measure: seconds, operations a second, bytes. `cpu` is the server's seconds for one operation, `rate`
operations a second, `busy` how busy the generator's core was (0 to 1); others are the workload's own."""

Samples = Mapping[str, Sample]
"""The samples of one round, by workload."""


class Measurement:
    """What is being measured: the work says how many operations it was, and what else it saw."""

    def __init__(self) -> None:
        self.operations = 0
        self.measures: dict[str, float] = {}
        self.sample: Sample = {}


@contextmanager
def measure(pid: int) -> Iterator[Measurement]:
    """Measure what a server takes for the work that is done inside."""
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
    """Those of runs of as many operations each, as one."""
    walls = [1 / sample["rate"] for sample in samples]
    busy = sum(sample["busy"] * wall for sample, wall in zip(samples, walls, strict=True))
    return {
        "cpu": statistics.fmean(sample["cpu"] for sample in samples),
        "rate": len(walls) / sum(walls),
        "busy": busy / sum(walls),
    }


def is_void(sample: Sample) -> bool:
    """Whether it says more of the generator than of the server."""
    return sample.get("busy", 0.0) > MAX_BUSY


def quantiles(times: Sequence[float]) -> dict[str, float]:
    """The median, and what one in a hundred exceeds."""
    ordered = sorted(times)
    last = math.ceil(len(ordered) * 0.99) - 1
    return {"p50": statistics.median(ordered), "p99": ordered[last]}
