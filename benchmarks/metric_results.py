"""The result of one metric: its ratios on each transport, and whether they meet the target."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import computed_field

from benchmarks.metrics import Metric
from benchmarks.samples import Samples
from benchmarks.spread import Spread, rounded
from benchmarks.transports import BESIDE, HELD, seen_from


class RunTooShort(Exception):
    """A workload took no measurable time, so there is no ratio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportResult:
    """A metric on one transport: its ratio in each round; `target` and `at_least` are as in `Metric`."""

    transport: str
    target: float | None
    at_least: bool
    ratios: tuple[float, ...]

    @classmethod
    def of(cls, metric: Metric, transport: str, rounds: Sequence[Samples]) -> Self:
        """Compute the ratios of a metric on a transport. Raises RunTooShort where a divisor is zero."""
        try:
            ratios = tuple(rounded(metric.ratio(seen_from(transport, samples))) for samples in rounds)
        except ZeroDivisionError:
            raise RunTooShort(f"{metric.name}: too little was done to be measured") from None
        target = metric.target if transport == HELD else None
        return cls(transport=transport, target=target, at_least=metric.at_least, ratios=ratios)

    @computed_field  # type: ignore[prop-decorator]  # mypy has no decorated properties
    @property
    def spread(self) -> Spread:
        """The median, lowest and highest of the ratios."""
        return Spread.of(self.ratios)

    @computed_field  # type: ignore[prop-decorator]  # mypy has no decorated properties
    @property
    def met(self) -> bool | None:
        """Whether the median meets the target; None without a target."""
        if self.target is None:
            return None
        median = self.spread.median
        return median >= self.target if self.at_least else median <= self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricResult:
    """A metric on each transport; the other fields are as in `Metric`."""

    name: str
    title: str
    shown: tuple[tuple[str, str], ...]
    transports: tuple[TransportResult, ...]

    @classmethod
    def of(cls, metric: Metric, transports: Sequence[str], rounds: Sequence[Samples]) -> Self:
        """Compute a metric on some transports. Raises RunTooShort where a divisor is zero."""
        return cls(
            name=metric.name,
            title=metric.title,
            shown=tuple(metric.shown),
            transports=tuple(TransportResult.of(metric, transport, rounds) for transport in transports),
        )

    @property
    def held(self) -> TransportResult | None:
        """The metric on the transport that is held to the target; None without one."""
        return next((one for one in self.transports if one.target is not None), None)

    def beside(self, one: TransportResult) -> Spread | None:
        """Return what the metric is on a transport, as a share of what it is on grpcio in the same rounds.

        None on grpcio itself, and where it was not measured on grpcio.
        """
        for other in self.transports:
            if other.transport == BESIDE != one.transport:
                pairs = zip(one.ratios, other.ratios, strict=True)
                return Spread.of(rounded(mine / its) for mine, its in pairs)
        return None
