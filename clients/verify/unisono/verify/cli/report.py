"""The report of a run: lines for people, or a JSON object for programs."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import click
from rich.console import Console
from rich.text import Text

from unisono.client.cli.formatting import json_output
from unisono.client.cli.formatting.tables import UNCUT
from unisono.client.cli.formatting.texts import one_line
from unisono.verify.history import History
from unisono.verify.run_stats import RunStats
from unisono.verify.verdicts import Outcome, Verdict, verdicts

_STYLES: Final = {Outcome.KEPT: "green", Outcome.BROKEN: "bold red", Outcome.NOT_JUDGED: "yellow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The report of a run: facts about it by name, statistics, and a verdict on each promise."""

    about: Mapping[str, Any]
    stats: RunStats
    verdicts: list[Verdict]

    @property
    def broken(self) -> bool:
        """Return whether any promise is broken."""
        return any(verdict.outcome is Outcome.BROKEN for verdict in self.verdicts)

    def show(self, *, as_json: bool) -> None:
        """Print the report on stdout, as lines or as one line of JSON."""
        if as_json:
            click.echo(json_output.json_line(self._to_json()))
            return
        console = Console(width=None if sys.stdout.isatty() else UNCUT, highlight=False)
        for line in self._lines():
            console.print(line, soft_wrap=True)

    def _to_json(self) -> dict[str, Any]:
        promises = {verdict.promise: _verdict_json(verdict) for verdict in self.verdicts}
        return {**self.about, "stats": self.stats.to_json(), "promises": promises}

    def _lines(self) -> Iterator[Text]:
        for name, value in self.about.items():
            yield Text(f"{one_line(name.replace('_', ' ')):<20} {one_line(_plain(value))}")
        yield Text()
        yield from map(Text, self.stats.lines())
        yield Text()
        for verdict in self.verdicts:
            yield from _verdict_lines(verdict)
        yield Text()
        yield Text(self._sum())

    def _sum(self) -> str:
        counts = Counter(verdict.outcome for verdict in self.verdicts)
        told = [f"{counts[outcome]} {outcome.value}" for outcome in Outcome if counts[outcome]]
        return f"{len(self.verdicts)} promises: {', '.join(told)}"


def judge(history: History, about: Mapping[str, Any]) -> Report:
    """Judge a history, and return the report on it; `about` are facts of its run, as in `Saved`."""
    return Report(about=about, stats=RunStats.of(history), verdicts=verdicts(history))


def _verdict_lines(verdict: Verdict) -> Iterator[Text]:
    line = Text(f"{verdict.promise:<11} ")
    line.append(f"{verdict.outcome.value:<11} ", _STYLES[verdict.outcome])
    yield line.append(_checks(verdict))
    if verdict.broken is not None:
        for evidence in verdict.broken.evidence:
            yield Text(f"    {one_line(evidence)}")


def _checks(verdict: Verdict) -> str:
    if verdict.outcome is Outcome.NOT_JUDGED:
        return f"there were no {' and no '.join(verdict.checks)}"
    return ", ".join(f"{count:,} {what}" for what, count in verdict.checks.items() if count)


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    evidence = list(verdict.broken.evidence) if verdict.broken else []
    return {"outcome": json_output.name_of(verdict.outcome), "checks": verdict.checks, "evidence": evidence}


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:g} s" if isinstance(value, float) else str(value)
