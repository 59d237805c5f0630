"""A result says what several rounds come to, and is the same after it was kept in a file."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.metric_results import RunTooShort
from benchmarks.results import InvalidResultFile, Result
from tests.benchmarks.fakes import CONDITIONS, group, measured, metric, result


def test_a_figure_is_the_median_of_its_ratios() -> None:
    (only,) = measured(1.8, 2.4, 1.5).metrics[0].transports
    assert only.ratios == (1.8, 2.4, 1.5)
    assert (only.spread.median, only.spread.lowest, only.spread.highest) == (1.8, 1.5, 2.4)


@pytest.mark.parametrize(
    ("target", "at_least", "met"),
    [(1.8, False, True), (1.7, False, False), (1.8, True, True), (1.9, True, False), (None, False, None)],
)
def test_the_median_meets_the_target_or_misses_it(
    target: float | None, at_least: bool, met: bool | None
) -> None:
    fake = group(None, metric(target=target, at_least=at_least))
    assert measured(1.8, 2.4, 1.5, of=fake).metrics[0].transports[0].met is met


@pytest.mark.parametrize("again", [1.25, 0.8])
def test_noise_is_how_far_the_floor_is_from_itself_either_way(again: float) -> None:
    assert measured(1.5, again=again).noise == 0.25


def test_what_takes_no_time_that_can_be_seen_is_no_result() -> None:
    with pytest.raises(RunTooShort, match=r"^echo again: "):
        measured(1.5, again=0.0)
    fast = replace(metric(), ratio=lambda of: of["send"]["cpu"] / 0)
    with pytest.raises(RunTooShort, match=r"^send: "):
        measured(1.5, of=group(None, fast))


def test_a_result_is_the_same_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "new" / "result.json"
    fake = group(None, metric(), metric("most", target=None, at_least=True), notes="of a *peer*")
    kept = result(measured(1 / 3, 0.1, of=fake), measured(2.5, of=group(name="other")))
    kept.save(file)
    assert Result.load(file) == kept


def test_a_file_says_what_programs_want_to_know(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    result(measured(1.8, 2.4, 1.5, again=0.8)).save(file)
    (kept,) = json.loads(file.read_text())["groups"]
    assert kept["conditions"]["scale"] == {"rounds": 3, "size": 1.0}
    assert kept["rounds"][1]["send"]["cpu"] == 2.4
    assert (kept["floor_ratios"], kept["noise"]) == ([1.25, 1.25, 1.25], 0.25)
    (only,) = kept["metrics"][0]["transports"]
    assert only["spread"] == {"median": 1.8, "lowest": 1.5, "highest": 2.4}
    assert (only["target"], only["met"]) == (2.0, True)


@pytest.mark.parametrize("text", ["", "{}}", '{"groups": [{"name": "sending"}]}'])
def test_a_file_of_something_else_is_no_result(tmp_path: Path, text: str) -> None:
    file = tmp_path / "result.json"
    file.write_text(text)
    with pytest.raises(InvalidResultFile, match=r"result\.json holds no result"):
        Result.load(file)


def test_a_group_that_is_measured_again_replaces_itself_only() -> None:
    # Given a result of three groups, one of which nobody knows any more
    names = ("old", "one", "two")
    before = result(*(measured(1.5, of=group(name=name)) for name in names))
    # When one of them is measured again, and a new one
    later = replace(CONDITIONS, made="2026-12-01T00:00:00+00:00")
    again = measured(1.7, of=group(name="one"), conditions=later)
    new = measured(1.1, of=group(name="new"))
    after = before.merged(again, ["new", "one", "two"]).merged(new, ["new", "one", "two"])
    # Then these are there in their order, and the others are as they were
    assert after.groups == (new, again, before.groups[2], before.groups[0])
