"""The types of what is measured: metrics, the workloads that they need, and groups that share workloads."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from benchmarks.samples import Sample, Samples
from benchmarks.transports import TRANSPORTS, names

Workload = Callable[[], Awaitable[Sample]]
"""Runs once, and returns what was measured."""

Workloads = Mapping[str, Workload]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is measured: `rounds` of every workload, each at a share `size` (0 to 1) of its full size."""

    rounds: int
    size: float

    def of(self, count: int, *, minimum: int = 1) -> int:
        """Return a count scaled to this size, but at least `minimum`."""
        return max(minimum, round(count * self.size))


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A ratio that the service is held to.

    `ratio` computes it from the samples of one round, in which the workloads of one transport have their
    plain names. `target` is its upper bound, or with `at_least` its lower bound, inclusive; None: none.
    `shown` names the pairs of workload and measure that are printed beside it, by plain names.
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

    `open` starts servers and yields the workloads. `floor` is the workload that runs twice in each round, to
    be compared with itself by the measure `noise`. `missing` returns what has to be installed, None for
    nothing. Each round begins with new servers and stores, so that it does not depend on the rounds before; a
    `lasting` group keeps them, as they take minutes to fill. Where a few percent count, a round runs its
    workloads in turn so many times, and the `pieces` are taken together: `cpu`, `rate` and `busy`. At another
    scale there are fewer of them, and each is what it was. `transports` are those of our server whose
    workloads are there. `notes` is for readers of the metrics, in Markdown: of a peer, what it promises.
    """

    name: str
    title: str
    floor: str
    noise: str
    metrics: Sequence[Metric]
    open: Callable[[Scale], AbstractAsyncContextManager[Workloads]]
    missing: Callable[[], str | None] = lambda: None
    lasting: bool = False
    pieces: int = 1
    transports: Sequence[str] = names(TRANSPORTS)
    notes: str = ""
