"""Runs that are taken together count as one, each with as many operations as the others."""

import pytest

from benchmarks.samples import combined


def test_runs_together_are_as_one() -> None:
    """Two of twenty operations: in one second, half busy, and in three seconds, a tenth busy."""
    one = {"cpu": 0.01, "rate": 20.0, "busy": 0.5}
    other = {"cpu": 0.03, "rate": 20 / 3, "busy": 0.1}
    assert combined([one, other]) == pytest.approx({"cpu": 0.02, "rate": 10.0, "busy": 0.2})


def test_one_alone_keeps_what_is_its_own() -> None:
    one = {"cpu": 0.01, "rate": 20.0, "busy": 0.5, "p50": 0.002}
    assert combined([one]) == one
