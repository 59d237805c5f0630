"""What got worse from one result to another. Knows only what was measured."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.results import MetricResult, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A metric of a run beside the same in the committed result.

    `change` is how much worse its median is: 0.1 where it was 2.0 and is 2.2, negative where it is better.
    `noise` is the larger one of both results. `worse` holds when no round was as good as the committed
    median, and the change is more than the noise.
    """

    name: str
    committed: float
    now: MetricResult
    noise: float

    @property
    def change(self) -> float:
        """See above."""
        return self._change(self.now.spread.median)

    @property
    def worse(self) -> bool:
        """See above."""
        spread = self.now.spread
        best = spread.highest if self.now.at_least else spread.lowest
        return self._change(best) > 0 and self.change > self.noise

    def _change(self, ratio: float) -> float:
        return (self.committed / ratio if self.now.at_least else ratio / self.committed) - 1


def compared(run: Result, committed: Result) -> Iterator[Compared]:
    """The metrics that both have."""
    before = {group.name: group for group in committed.groups}
    for group in run.groups:
        if group.name not in before:
            continue
        noise = max(group.noise, before[group.name].noise)
        medians = {metric.name: metric.spread.median for metric in before[group.name].metrics}
        for metric in group.metrics:
            if metric.name in medians:
                yield Compared(name=metric.name, committed=medians[metric.name], now=metric, noise=noise)
