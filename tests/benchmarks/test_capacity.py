"""The page opens with what one core does, in plain numbers, on each transport that was measured."""

from dataclasses import replace

from benchmarks.report.capacity import capacity
from benchmarks.results import GroupResult
from tests.benchmarks.fakes import CONDITIONS, group, measured_on_both, result, rounds


def named(name: str) -> GroupResult:
    """A group of that name, measured on both transports."""
    return replace(measured_on_both((3.0, 1.5)), name=name)


def test_a_line_says_what_was_measured_on_each_transport_with_the_held_one_first() -> None:
    conditions = replace(CONDITIONS, machine={"processor": "a fast one", "memory": "24 GiB"})
    heading, about, table = capacity(result(replace(named("sending"), conditions=conditions)))
    assert heading.startswith("## ")
    assert about.startswith("a fast one, 24 GiB.")
    assert table.splitlines() == [
        "| | http | grpcio |",
        "|---|---|---|",
        "| sends a second, a call each, 64 in flight | 1,000 | 1,000 |",
    ]


def test_what_was_not_measured_has_no_line() -> None:
    assert list(capacity(result(named("sdk")))) == []
    assert (
        list(capacity(result(replace(GroupResult.of(group(), rounds(1.0), 0, CONDITIONS), name="live"))))
        == []
    )
