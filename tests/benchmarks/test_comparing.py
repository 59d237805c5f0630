"""What got worse is named, and nothing else is: differences below the noise mean nothing."""

import pytest

from benchmarks.comparing import Compared, compared
from tests.benchmarks.fakes import group, measured, metric, result

COMMITTED = (1.9, 2.0, 2.1)


def only(
    now: tuple[float, ...], *, again: float = 1.0, before: float = 1.0, at_least: bool = False
) -> Compared:
    """The metric of a run beside the committed one; the floors were so far from themselves."""
    fake = group(None, metric(at_least=at_least))
    run, committed = measured(*now, of=fake, again=again), measured(*COMMITTED, of=fake, again=before)
    (one,) = compared(result(run), result(committed))
    return one


def test_a_figure_got_worse_when_all_its_rounds_are() -> None:
    one = only((2.2, 2.3, 2.4), again=0.9)
    assert one.worse
    assert one.change == pytest.approx(0.15)
    assert one.noise == pytest.approx(1 / 0.9 - 1, abs=1e-5)


@pytest.mark.parametrize(
    "now",
    [(2.0, 2.0, 2.0), (1.99, 2.4, 2.5), (1.0, 1.1, 1.2)],
    ids=["the same", "with a round that is as good", "better"],
)
def test_it_did_not_otherwise(now: tuple[float, ...]) -> None:
    assert not only(now).worse


@pytest.mark.parametrize(
    ("again", "before"), [(0.8, 1.0), (1.0, 0.8)], ids=["of the run", "of the committed"]
)
def test_nor_when_the_floor_was_as_far_from_itself(again: float, before: float) -> None:
    assert not only((2.2, 2.3, 2.4), again=again, before=before).worse


@pytest.mark.parametrize(("now", "worse"), [((1.6, 1.7, 1.8), True), ((2.2, 2.3, 2.4), False)])
def test_less_is_worse_where_more_is_wanted(now: tuple[float, ...], worse: bool) -> None:
    assert only(now, at_least=True).worse is worse


def test_only_figures_of_both_are_compared() -> None:
    both, gone, new = (metric(name) for name in ("both", "gone", "new"))
    run = result(measured(2.0, of=group(None, both, new)), measured(9.0, of=group(name="added")))
    committed = result(measured(1.0, of=group(None, both, gone)), measured(1.0, of=group(name="left")))
    assert [(one.name, one.worse) for one in compared(run, committed)] == [("both", True)]
