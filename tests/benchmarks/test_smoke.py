"""The smallest run of real servers goes from end to end. What it measures means nothing."""

from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import samples
from benchmarks.cli.progress import ProgressReporter
from benchmarks.groups.scraping import SCRAPING
from benchmarks.groups.sending import SENDING
from benchmarks.machine import cores
from benchmarks.metrics import Group, Scale
from benchmarks.report import files
from benchmarks.results import GroupResult, Result
from benchmarks.running import run
from tests.docs.machine import ROOT


@pytest.mark.parametrize("group", [SENDING, SCRAPING], ids=lambda group: group.name)
def test_a_group_is_measured_kept_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: Group
) -> None:
    # Other tests may be busy on the core of the generator.
    monkeypatch.setattr(samples, "MAX_BUSY", 2.0)
    monkeypatch.chdir(ROOT)
    # When real servers are measured, then there is a ratio of each metric
    with cores.on(cores.GENERATOR):
        (outcome,) = run(
            [group], Scale(rounds=1, size=0.01), "make bench", ProgressReporter(Console(quiet=True))
        )
    assert isinstance(outcome, GroupResult), outcome
    assert [metric.name for metric in outcome.metrics] == [metric.name for metric in group.metrics]
    for metric in outcome.metrics:
        assert [one.transport for one in metric.transports] == list(group.transports)
        assert all(ratio > 0 for one in metric.transports for ratio in one.ratios)
    # And a page, whose names of workloads and measures are all there
    result = Result(groups=(outcome,))
    result.save(tmp_path / "result.json")
    assert Result.load(tmp_path / "result.json") == result
    files.write(result, tmp_path)
    assert files.stale(result, tmp_path) == []
