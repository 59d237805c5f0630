"""Our server is measured on each transport in turn, in the same round, and each is compared with itself."""

from benchmarks.comparing import compared
from benchmarks.groups.alternating import alternating, named, side_by_side
from benchmarks.groups.registry import GROUPS, GROWN
from benchmarks.groups.web import WEB
from benchmarks.samples import Sample
from benchmarks.transports import BESIDE, HELD, TRANSPORTS, names, seen_from
from tests.benchmarks.fakes import measured_on_both, result, sample


async def nothing() -> Sample:
    return sample(0.0)


def test_each_workload_is_run_on_all_servers_before_the_next() -> None:
    ours = side_by_side({name: {"single": nothing, "row": nothing} for name in ("grpcio", "http")})
    assert list(ours) == ["single on grpcio", "single on http", "row on grpcio", "row on http"]
    theirs = named("peer", {"single": nothing, "row": nothing})
    assert list(alternating(theirs, {"one": nothing, "two": nothing})) == [
        "peer single",
        "one",
        "peer row",
        "two",
    ]


def test_a_transport_sees_its_own_by_plain_names_and_all_others() -> None:
    named = {"echo": 1, "send on grpcio": 2, "send on http": 3}
    assert seen_from("http", named) == {**named, "send": 3}
    assert seen_from("grpcio", named) == {**named, "send": 2}


def test_a_metric_is_of_each_transport_and_one_is_held_to_the_target() -> None:
    (metric,) = measured_on_both((3.0, 1.5), (2.0, 2.0)).metrics
    grpcio, http = metric.transports
    assert (grpcio.ratios, grpcio.target, grpcio.met) == ((3.0, 2.0), None, None)
    assert (http.ratios, http.target, http.met) == ((1.5, 2.0), 2.0, True)
    assert metric.held is http
    shares = metric.beside(http)
    assert shares is not None
    assert (shares.lowest, shares.highest) == (0.5, 1.0)
    assert metric.beside(grpcio) is None


def test_what_got_worse_on_one_transport_is_named_with_it() -> None:
    run, before = measured_on_both((3.0, 2.0)), measured_on_both((3.0, 1.0))
    assert [(one.now.transport, one.worse) for one in compared(result(run), result(before))] == [
        ("grpcio", False),
        ("http", True),
    ]


def test_every_group_is_measured_on_all_transports() -> None:
    both = names(TRANSPORTS)
    assert {HELD, BESIDE} == {*both}
    for group in GROUPS:
        # grpcio has no door for the web.
        assert group.transports[: len(both)] == ((HELD,) if group is WEB else both)
    assert GROWN[0].transports == both
