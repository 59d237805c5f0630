"""The command measures what was chosen, keeps it, and fails when a group does or a metric got worse."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benchmarks.cli import command, options
from benchmarks.machine import cores
from benchmarks.metrics import Scale, Workloads
from benchmarks.results import Result as Kept
from benchmarks.servers.servers import unisono
from tests.benchmarks.fakes import group, measured, metric, result, sample

FAST = group({"echo": [sample(1.0)], "send": [sample(1.5)]}, name="fast")
SLOW = group({"echo": [sample(1.0)], "send": [sample(2.5)]}, metric("slow"), name="slow")
BUSY = group({"echo": [sample(1.0, busy=1.0)]}, name="busy")
PEER = group(name="peer", missing="a peer is not installed")
GROWN = group(name="grown")

METRICS = Path(".cache/benchmarks/metrics.json")


@pytest.fixture(autouse=True)
def groups(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(options, "GROUPS", (FAST, SLOW, PEER))
    monkeypatch.setattr(options, "GROWN", (GROWN, BUSY))
    monkeypatch.setattr(cores, "enough", lambda: True)
    monkeypatch.chdir(tmp_path)


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def kept(file: str = "docs/performance/result.json") -> list[str]:
    return [group.name for group in Kept.load(Path(file)).groups]


def test_a_run_prints_and_keeps_all_that_can_be_measured() -> None:
    ran = invoke("run", "--rounds", "2")
    assert ran.exit_code == 0
    assert "The group fast (noise 0.0%)" in ran.output
    assert re.search(r"slow +http +2\.50 .* at most 2 +missed", ran.output)
    assert "peer: left out: a peer is not installed" in ran.output
    assert kept() == ["fast", "slow"]


def test_a_run_of_some_groups_keeps_the_others() -> None:
    result(measured(1.0, of=GROWN), measured(9.0, of=FAST)).save(options.COMMITTED)
    assert invoke("run", "--only", "slow", "--scale", "quick").exit_code == 0
    assert sorted(kept()) == ["fast", "grown", "slow"]
    assert Kept.load(options.COMMITTED).groups[1].metrics[0].transports[0].ratios == (9.0,)


def test_growth_has_groups_of_its_own_and_a_group_that_fails_ends_in_failure() -> None:
    ran = invoke("run", "--growth", "--out", "grown.json")
    assert ran.exit_code == 1
    assert "busy: failed: echo: the generator's core was too busy" in ran.output
    assert kept("grown.json") == ["grown"]


def test_a_group_that_is_not_there_is_refused() -> None:
    ran = invoke("run", "--only", "sending")
    assert ran.exit_code == 2
    assert "there is no group 'sending', but fast, slow, peer" in ran.output


def test_a_check_names_what_got_worse() -> None:
    result(measured(1.5, of=FAST), measured(1.5, of=SLOW)).save(options.COMMITTED)
    ran = invoke("check")
    assert ran.exit_code == 1
    assert ran.output.endswith("2 metrics, worse: slow on http\n")
    assert kept() == ["fast", "slow"]
    assert Kept.load(options.COMMITTED).groups[1].metrics[0].transports[0].ratios == (1.5,)


def test_a_check_of_a_run_just_now_measures_nothing() -> None:
    result(measured(1.5, of=FAST)).save(options.COMMITTED)
    result(measured(1.5, of=FAST)).save(Path("now.json"))
    ran = invoke("check", "--against", "now.json")
    assert (ran.exit_code, ran.output.splitlines()[-1]) == (0, "1 metrics, worse: none")


def test_a_check_without_a_figure_to_compare_fails() -> None:
    result(measured(1.5, of=FAST)).save(options.COMMITTED)
    ran = invoke("check", "--only", "slow")
    assert ran.exit_code == 1
    assert "there is no metric in both results" in ran.output


def test_a_stale_page_is_named() -> None:
    result(measured(1.5, of=FAST)).save(options.COMMITTED)
    assert invoke("report").exit_code == 0
    assert invoke("report", "--check").exit_code == 0
    Path("docs/performance.md").write_text("by hand")
    ran = invoke("report", "--check")
    assert ran.exit_code == 1
    assert "docs/performance.md is not as docs/performance/result.json has it" in ran.output


def test_with_metrics_our_servers_are_scraped_and_the_committed_result_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Given a group that starts a server of ours, and is committed as it is without metrics
    addresses: list[str] = []

    @asynccontextmanager
    async def opened(scale: Scale) -> AsyncIterator[Workloads]:
        with unisono(tmp_path / f"{len(addresses)}.db") as ours:
            addresses.append(ours.metrics)
            async with SLOW.open(scale) as workloads:
                yield workloads

    monkeypatch.setattr(options, "GROUPS", (replace(SLOW, open=opened),))
    result(measured(1.5, of=SLOW)).save(options.COMMITTED)
    # When it is measured with them, then that is kept elsewhere, and says so
    assert invoke("run", "--metrics", "--rounds", "1").exit_code == 0
    assert Kept.load(METRICS).groups[0].conditions.command == "make bench METRICS=yes ONLY=slow"
    assert Kept.load(options.COMMITTED).groups[0].metrics[0].transports[0].ratios == (1.5,)
    # And a check names what is worse with them than it was without
    ran = invoke("check", "--metrics", "--rounds", "1")
    assert ran.output.endswith("1 metrics, worse: slow on http\n")
    assert all(addresses)
    # But a run without them has none
    invoke("check", "--rounds", "1")
    assert (len(addresses), addresses[-1]) == (3, "")


@pytest.mark.parametrize("text", [None, "{}}"], ids=["no file", "another file"])
def test_a_file_without_a_result_is_said_to_be_one(text: str | None) -> None:
    if text:
        options.COMMITTED.parent.mkdir(parents=True)
        options.COMMITTED.write_text(text)
    ran = invoke("report")
    assert ran.exit_code == 1
    assert "Error: docs/performance/result.json" in ran.output


@pytest.mark.parametrize("arguments", [(), ("run",), ("check",), ("report",)])
def test_help_has_examples(arguments: tuple[str, ...]) -> None:
    assert "Examples:" in invoke(*arguments, "--help").output
