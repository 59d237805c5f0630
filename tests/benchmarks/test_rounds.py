"""Workloads run in turn, every other round the other way round, and void runs are done again."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from benchmarks.metrics import Scale, Workloads
from benchmarks.rounds import GeneratorSaturated, samples
from tests.benchmarks.fakes import group, sample

TWO_ROUNDS = Scale(rounds=2, size=1.0)


class RecordingListener:
    """What a run says of itself."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, int, int]] = []
        self.ended: list[tuple[str, bool]] = []

    def on_start(self, workload: str, before: int, of: int) -> None:
        self.begun.append((workload, before, of))

    def on_run(self, workload: str, void: bool) -> None:
        self.ended.append((workload, void))


async def test_every_other_round_goes_the_other_way_round() -> None:
    reporter = RecordingListener()
    await samples(group(), TWO_ROUNDS, reporter.on_run, reporter.on_start)
    assert reporter.begun == [
        ("echo", 0, 6),
        ("send", 1, 6),
        ("echo again", 2, 6),
        ("echo again", 3, 6),
        ("send", 4, 6),
        ("echo", 5, 6),
    ]
    assert reporter.ended == [(name, False) for name, _, _ in reporter.begun]


async def test_each_round_has_a_sample_of_each_workload_and_a_second_one_of_the_floor() -> None:
    fake = group({"echo": [sample(1.0), sample(1.1)], "send": [sample(2.0), sample(3.0)]})
    first, second = await samples(replace(fake, lasting=True), TWO_ROUNDS, RecordingListener().on_run)
    assert {name: taken["cpu"] for name, taken in first.items()} == {
        "echo": 1.0,
        "send": 2.0,
        "echo again": 1.1,
    }
    assert {name: taken["cpu"] for name, taken in second.items()} == {
        "echo again": 1.0,
        "send": 3.0,
        "echo": 1.1,
    }


async def test_a_round_of_pieces_has_every_workload_in_each_and_takes_them_together() -> None:
    # Given a group of four pieces, at half of its size
    reporter = RecordingListener()
    fake = group({"echo": [sample(1.0)], "send": [sample(2.0), sample(3.0)]})
    scale = Scale(rounds=2, size=0.5)
    first, _ = await samples(replace(fake, pieces=4), scale, reporter.on_run, reporter.on_start)
    # Then a round has two, which go each the other way round than the one before
    there, back = ["echo", "send", "echo again"], ["echo again", "send", "echo"]
    assert [name for name, _, _ in reporter.begun] == [*there, *back] * 2
    assert [(before, of) for _, before, of in reporter.begun] == [(place, 12) for place in range(12)]
    # And what was measured in them is one sample
    assert first["send"] == pytest.approx(sample(2.5))
    assert list(first) == there


@pytest.mark.parametrize(("lasting", "opened"), [(False, 3), (True, 1)])
async def test_each_round_begins_anew_but_where_that_takes_minutes(lasting: bool, opened: int) -> None:
    fake, times = group(), 0

    def counted(scale: Scale) -> AbstractAsyncContextManager[Workloads]:
        nonlocal times
        times += 1
        return fake.open(scale)

    rounds = await samples(
        replace(fake, open=counted, lasting=lasting), Scale(rounds=3, size=1.0), RecordingListener().on_run
    )

    assert (len(rounds), times) == (3, opened)


async def test_a_void_run_is_done_again() -> None:
    reporter = RecordingListener()
    fake = group({"echo": [sample(1.0)], "send": [sample(9.0, busy=0.95), sample(2.0)]})
    (only,) = await samples(fake, Scale(rounds=1, size=1.0), reporter.on_run)
    assert only["send"]["cpu"] == 2.0
    assert reporter.ended == [("echo", False), ("send", True), ("send", False), ("echo again", False)]


async def test_three_void_runs_are_too_many() -> None:
    reporter = RecordingListener()
    fake = group({"echo": [sample(1.0)], "send": [sample(9.0, busy=0.95)]})
    with pytest.raises(GeneratorSaturated, match=r"send: .* 3 times"):
        await samples(fake, TWO_ROUNDS, reporter.on_run)
    assert reporter.ended == [("echo", False), *[("send", True)] * 3]
