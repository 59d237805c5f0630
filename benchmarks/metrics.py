"""What is measured: metrics, the workloads that they are made of, and the groups that share them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from benchmarks.samples import Sample, Samples

Workload = Callable[[], Awaitable[Sample]]
"""One run of it."""

Workloads = Mapping[str, Workload]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is done: `rounds` of every workload, each `size` (0 to 1) of its full size."""

    rounds: int
    size: float

    def of(self, count: int, *, minimum: int = 1) -> int:
        """So many at this size, but not fewer than make sense."""
        return max(minimum, round(count * self.size))


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A ratio that the service is held to.

    `target` is what it is to be at most, or with `at_least` at least. `shown` names the workloads and
    measures that stand beside it.
    """

    name: str
    title: str
    ratio: Callable[[Samples], float]
    target: float | None
    shown: Sequence[tuple[str, str]]
    at_least: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Metrics that share workloads.

    `floor` is the workload that is also compared with itself, by the measure `noise`. `missing` says what
    is not installed, if anything. Each round begins with new servers and stores, or what is measured would
    depend on how many rounds were before; a `lasting` group keeps them, where they take minutes to fill.
    `notes` is what a reader of the metrics has to know besides, in Markdown: of a peer, what it promises.
    """

    name: str
    title: str
    floor: str
    noise: str
    metrics: Sequence[Metric]
    open: Callable[[Scale], AbstractAsyncContextManager[Workloads]]
    missing: Callable[[], str | None] = lambda: None
    lasting: bool = False
    notes: str = ""
