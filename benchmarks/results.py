"""The results of runs, as they are saved in a JSON file. Does not depend on how they were measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final, Self

from pydantic import TypeAdapter, ValidationError, computed_field

from benchmarks.metric_results import MetricResult, RunTooShort
from benchmarks.metrics import Group, Scale
from benchmarks.rounds import REPEAT_SUFFIX
from benchmarks.samples import Samples
from benchmarks.spread import Spread, farthest_from_itself, rounded


class InvalidResultFile(Exception):
    """The file holds no result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """When, by which command, where, and how much was measured. `made` is UTC, in ISO 8601."""

    made: str
    command: str
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    scale: Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupResult:
    """The measurements of a group: its samples of each round, and the metrics made of them.

    `measure` is the measure by which the floor was compared with itself, `floor_ratios` has the ratio of both
    in each round. `void` runs were repeated. The other fields are as in `Group`.
    """

    name: str
    title: str
    notes: str
    floor: str
    measure: str
    conditions: Conditions
    void: int
    floor_ratios: tuple[float, ...]
    metrics: tuple[MetricResult, ...]
    rounds: tuple[Samples, ...]

    @classmethod
    def of(cls, group: Group, rounds: Sequence[Samples], void: int, conditions: Conditions) -> Self:
        """Compute the result of a group. Raises RunTooShort where a measure is not above zero."""
        for workload, sample in chain.from_iterable(samples.items() for samples in rounds):
            if sample.get(group.noise, 1.0) <= 0:
                raise RunTooShort(f"{workload}: too little was done to be measured")
        floor, again = group.floor, group.floor + REPEAT_SUFFIX
        ratios = [samples[floor][group.noise] / samples[again][group.noise] for samples in rounds]
        return cls(
            name=group.name,
            title=group.title,
            notes=group.notes,
            floor=floor,
            measure=group.noise,
            conditions=conditions,
            void=void,
            floor_ratios=tuple(map(rounded, ratios)),
            metrics=tuple(MetricResult.of(metric, group.transports, rounds) for metric in group.metrics),
            rounds=tuple(map(_rounded, rounds)),
        )

    @computed_field  # type: ignore[prop-decorator]  # mypy has no decorated properties
    @property
    def noise(self) -> float:
        """How far the floor was from itself at most, as a share: 0.05 where one was 1.05 times the other."""
        return rounded(farthest_from_itself(self.floor_ratios))

    def spread(self, workload: str, measure: str) -> Spread:
        """Return the spread of a measure of a workload over the rounds. Raises KeyError where it has none."""
        return Spread.of(samples[workload][measure] for samples in self.rounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """All groups that were measured, perhaps at different times; the content of a result file."""

    groups: tuple[GroupResult, ...] = ()

    def merged(self, newer: GroupResult, order: Sequence[str]) -> "Result":
        """Return a copy with `newer` in the place of an older result of its group.

        Groups are in the order of the names `order`, with others after them.
        """
        groups = {group.name: group for group in (*self.groups, newer)}
        known = [groups.pop(name) for name in order if name in groups]
        return replace(self, groups=(*known, *groups.values()))

    def save(self, file: Path) -> None:
        """Write the result as JSON, and make the folder where it is missing. Raises OSError."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_JSON.dump_json(self, indent=1) + b"\n")

    @classmethod
    def load(cls, file: Path) -> "Result":
        """Read a saved result. Raises OSError, and InvalidResultFile where the file holds none."""
        try:
            return _JSON.validate_json(file.read_bytes())
        except ValidationError as error:
            raise InvalidResultFile(f"{file} holds no result: {error.errors()[0]['msg']}") from None


_JSON: Final = TypeAdapter(Result)


def _rounded(samples: Samples) -> Samples:
    return {
        workload: {measure: rounded(value) for measure, value in sample.items()}
        for workload, sample in samples.items()
    }
