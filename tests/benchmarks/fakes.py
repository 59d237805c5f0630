"""A group whose samples are told beforehand, and results made of such groups. No server runs."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import cycle

from benchmarks.metrics import Group, Metric, Scale, Workload, Workloads
from benchmarks.results import Conditions, GroupResult, Result
from benchmarks.rounds import REPEAT_SUFFIX
from benchmarks.samples import Sample, Samples

CONDITIONS = Conditions(
    made="2026-11-25T06:00:00+00:00",
    command="make bench ONLY=fake",
    machine={"processor": "a fast one", "cores": "2"},
    versions={"python": "3.11.7"},
    scale=Scale(rounds=3, size=1.0),
)


def metric(name: str = "send", *, target: float | None = 2.0, at_least: bool = False) -> Metric:
    """What a send takes of an echo."""
    return Metric(
        name=name,
        title="a send / an echo",
        ratio=lambda of: of["send"]["cpu"] / of["echo"]["cpu"],
        target=target,
        at_least=at_least,
        shown=(("send", "rate"), ("echo", "rate")),
    )


def group(
    workloads: Mapping[str, Sequence[Sample]] | None = None,
    *metrics: Metric,
    name: str = "fake",
    missing: str | None = None,
    notes: str = "",
    transports: Sequence[str] = ("http",),
) -> Group:
    """Its workloads take what is said here, in turn, and from the beginning again."""
    reporter = workloads or {"echo": [sample(1.0)], "send": [sample(1.5)]}

    @asynccontextmanager
    async def opened(_scale: Scale) -> AsyncIterator[Workloads]:
        yield {name: _workload(cycle(samples)) for name, samples in reporter.items()}

    return Group(
        name=name,
        title=f"The group {name}",
        floor="echo",
        noise="cpu",
        metrics=metrics or (metric(),),
        open=opened,
        missing=lambda: missing,
        notes=notes,
        transports=transports,
    )


def sample(cpu: float, *, busy: float = 0.5) -> Sample:
    """What it took of both cores."""
    return {"cpu": cpu, "rate": 1000.0, "busy": busy}


def rounds(*send: float, echo: float = 1.0, again: float = 1.0) -> list[Samples]:
    """One for each of these times of a send."""
    return [
        {"echo": sample(echo), "send": sample(cpu), f"echo{REPEAT_SUFFIX}": sample(echo * again)}
        for cpu in send
    ]


def measured(
    *send: float, of: Group | None = None, again: float = 1.0, conditions: Conditions = CONDITIONS
) -> GroupResult:
    """A group that was measured, with one round for each of these times."""
    return GroupResult.of(of or group(), rounds(*send, again=again), 0, conditions)


def measured_on_both(*sends: tuple[float, float]) -> GroupResult:
    """A group that was measured on grpcio and on http, with one round for each of these pairs."""
    rounds = [
        {
            "echo": sample(1.0),
            "send on grpcio": sample(grpcio),
            "send on http": sample(http),
            f"echo{REPEAT_SUFFIX}": sample(1.0),
        }
        for grpcio, http in sends
    ]
    return GroupResult.of(group(transports=("grpcio", "http")), rounds, 0, CONDITIONS)


def result(*groups: GroupResult) -> Result:
    """One of these."""
    return Result(groups=groups)


def _workload(samples: Iterator[Sample]) -> Workload:
    async def run() -> Sample:
        return next(samples)

    return run
