"""Compares two results, and finds the metrics that got worse."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.metric_results import TransportResult
from benchmarks.results import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A metric of a run on a transport, beside the same of the committed result.

    `committed` is the committed median, `noise` the larger noise of the two results, as a share.
    """

    name: str
    committed: float
    now: TransportResult
    noise: float

    @property
    def change(self) -> float:
        """How much worse the median is, as a share: 0.1 where it was 2.0 and is 2.2, negative if better."""
        return self._change(self.now.spread.median)

    @property
    def worse(self) -> bool:
        """Whether no round was as good as the committed median, and `change` is more than `noise`."""
        spread = self.now.spread
        best = spread.highest if self.now.at_least else spread.lowest
        return self._change(best) > 0 and self.change > self.noise

    def _change(self, ratio: float) -> float:
        return (self.committed / ratio if self.now.at_least else ratio / self.committed) - 1


def compared(run: Result, committed: Result) -> Iterator[Compared]:
    """Yield the metrics that both results have on the same transport, in the order of the run."""
    before = {group.name: group for group in committed.groups}
    for group in run.groups:
        if group.name not in before:
            continue
        noise = max(group.noise, before[group.name].noise)
        medians = {
            (metric.name, one.transport): one.spread.median
            for metric in before[group.name].metrics
            for one in metric.transports
        }
        for metric in group.metrics:
            for now in metric.transports:
                median = medians.get((metric.name, now.transport))
                if median is not None:
                    yield Compared(name=metric.name, committed=median, now=now, noise=noise)
