"""The page and the pictures are made of a result alone, and say all that is in it."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.report import files, formatting
from benchmarks.report.explanations import NOT_EXPLAINED, explanations
from benchmarks.report.page import page
from benchmarks.results import Result
from tests.benchmarks.fakes import CONDITIONS, group, measured, measured_on_both, metric, result

PICTURE = "performance/fake.svg"

PEER = group(None, metric("peer", target=None), name="peer", notes="What a peer promises.")


@pytest.fixture
def kept() -> Result:
    fake = group(None, metric("good", target=2.0), metric("bad", target=1.2), metric("more", at_least=True))
    return result(measured(1.4, 1.8, 1.5, of=fake, again=0.96), measured(0.05, of=PEER))


def test_a_row_says_all_of_a_figure(kept: Result) -> None:
    text = page(kept, {}).replace("–", " to ")  # noqa: RUF001  an en dash is meant
    rates = "send 1,000/s, echo 1,000/s"
    good = f"| `good` | a send / an echo | at most 2 | **1.50** (1.40 to 1.80) met | {rates} |"
    peer = f"| `peer` | a send / an echo |  | **0.050** (0.050 to 0.050) | {rates} |"
    assert {good, peer} <= set(text.splitlines())


def test_transports_are_side_by_side_and_one_is_held_to_the_target() -> None:
    # Given a group in which a send on http takes half of one on grpcio, round by round
    both = measured_on_both((3.0, 1.5), (2.0, 1.0), (4.0, 2.0))
    # Then both are in its row, with their ratio, and only http meets the target
    text = page(result(both), {}).replace("–", " to ")  # noqa: RUF001  an en dash is meant
    assert "| metric |  | target | grpcio | http | http / grpcio | measured beside it |" in text
    assert (
        "| `send` | a send / an echo | at most 2 | **3.00** (2.00 to 4.00) | **1.50** (1.00 to 2.00) met"
        " | **0.500** (0.500 to 0.500) | send 1,000/s on grpcio and 1,000/s on http, echo 1,000/s |"
    ) in text
    assert "1 of 1 targets are met." in text
    # And the picture shows both workloads as ours, and the floor as another's
    kinds = re.findall(
        r'<text class="(\w+) end"[^>]*>(echo|send on \w+)<', files.texts(result(both))[PICTURE]
    )
    assert kinds == [("muted", "echo"), ("ink", "send on grpcio"), ("ink", "send on http")]


def test_a_group_says_how_it_was_made_and_what_its_noise_was(kept: Result) -> None:
    text = page(kept, {})
    assert "`make bench ONLY=fake` on 2026-11-25, 3 rounds." in text
    assert "The floor, *echo*, was at most 4.2% from itself." in text
    assert "What a peer promises." in text
    assert "1 of 3 targets are met." in text


def test_what_is_missed_is_explained_or_said_not_to_be(kept: Result) -> None:
    text = page(kept, {"bad": "Because of *this*.", "good": "Never shown."})
    assert "[missed](#bad-misses-its-target)" in text
    assert (
        "### `bad` misses its target\n\nIt is 1.50 on http, and should be at most 1.2: a send / an echo."
        in text
    )
    assert "Because of *this*." in text
    assert text.count(NOT_EXPLAINED) == 1
    assert "Never shown." not in text


def test_explanations_are_read_by_name() -> None:
    text = "For those who write.\n\n## `one`\n\nFirst.\n\nSecond.\n\n## two_three\nOther.\n"
    assert explanations(text) == {"one": "First.\n\nSecond.", "two_three": "Other."}


def test_machines_are_told_apart_only_where_there_are_several(kept: Result) -> None:
    assert page(kept, {}).count("a fast one") == 1
    moved = replace(CONDITIONS, machine={"processor": "a slow one"})
    both = replace(kept, groups=(kept.groups[0], replace(kept.groups[1], conditions=moved)))
    text = page(both, {})
    assert re.search("The group fake:.*a fast one.*The group peer:.*a slow one", text, re.DOTALL)


def test_pictures_are_well_formed_and_have_no_date_and_no_chance(kept: Result) -> None:
    made = files.texts(kept)
    assert sorted(made) == [
        "performance.md",
        "performance/fake.svg",
        "performance/overview.svg",
        "performance/peer.svg",
    ]
    assert made == files.texts(kept)
    for path, text in made.items():
        if path.endswith(".svg"):
            assert ElementTree.fromstring(text).tag.endswith("svg")  # noqa: S314  it is ours
            assert "prefers-color-scheme: dark" in text


def test_pictures_show_each_figure_and_each_workload(kept: Result) -> None:
    made = files.texts(kept)
    assert ">1.50, at most 1.2<" in made["performance/overview.svg"]
    assert ">peer<" not in made["performance/overview.svg"]
    for workload in ("echo", "echo again", "send"):
        assert f">{workload}<" in made["performance/fake.svg"]


@pytest.mark.parametrize(
    ("measure", "number", "text"),
    [
        ("cpu", 0.001217, "1,217 µs"),
        ("p50", 0.00149, "1.49 ms"),
        ("rate", 26790.0, "26,790/s"),
        ("memory", 48300.0, "48.3 kB"),
        ("of its own", 7.0, "7.00"),
    ],
)
def test_values_have_their_units(measure: str, number: float, text: str) -> None:
    assert formatting.value(measure, number) == text


def test_a_result_of_no_figure_with_a_target_has_a_page_too() -> None:
    assert "performance/overview.svg" in files.texts(result(measured(0.05, of=PEER)))


def test_what_is_written_is_in_step_until_something_changes(kept: Result, tmp_path: Path) -> None:
    # Given what is written of a result, then it is in step, with a picture of dots beside each of lines
    files.write(kept, tmp_path)
    assert files.stale(kept, tmp_path) == []
    assert (tmp_path / "performance/fake.png").read_bytes().startswith(b"\x89PNG")
    # When a page is edited by hand, or a picture is lost, or a group is gone, then it is not
    (tmp_path / "performance.md").write_text("by hand")
    (tmp_path / "performance/fake.svg").unlink()
    less = Result(groups=kept.groups[:1])
    stale = files.stale(less, tmp_path)
    assert stale == ["performance.md", "performance/fake.svg", "performance/peer.svg"]
    # And it is again once it is written anew, and nothing is left of what is gone
    files.write(less, tmp_path)
    assert files.stale(less, tmp_path) == []
    assert not list(tmp_path.glob("performance/peer.*"))
