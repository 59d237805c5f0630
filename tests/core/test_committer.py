"""Group commit: what goes together, in which order, and whose an error is."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from tests.core.jobs import REFUSED, Disk, Job
from unisono.server.app.event_loop import loop_factory
from unisono.server.core.committer import Committer
from unisono.server.errors import NotFound, OutcomeUnknown, Reason, Unavailable, UnisonoError


def jobs(*numbers: int) -> list[Job]:
    """Those of one user."""
    return [Job(number) for number in numbers]


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
async def committer(disk: Disk) -> AsyncIterator[Committer[Job, str]]:
    committer = Committer(disk.run, batch=4, capacity=24, background_batch=2)
    committer.start()
    yield committer
    disk.free.set()
    await committer.close()


async def submitted(
    committer: Committer[Job, str], *items: int, background: bool = False
) -> list[asyncio.Task[str]]:
    """Tasks that wait for their items, which are in the queue."""
    tasks = [asyncio.create_task(committer.submit(Job(item), background=background)) for item in items]
    await asyncio.sleep(0)
    return tasks


async def test_what_arrives_during_a_commit_goes_together(disk: Disk, committer: Committer[Job, str]) -> None:
    first = await disk.hold(committer)
    others = await submitted(committer, 1, 2, 3)

    disk.free.set()

    assert await asyncio.gather(first, *others) == [f"committed {n}" for n in range(4)]
    assert disk.batches == [[0], [1, 2, 3]]


async def test_a_batch_is_bounded_and_keeps_the_order(disk: Disk, committer: Committer[Job, str]) -> None:
    await disk.hold(committer)
    others = await submitted(committer, *range(1, 11))

    disk.free.set()
    await asyncio.gather(*others)

    assert disk.batches == [[0], [1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]


async def test_those_who_are_on_their_way_go_along(disk: Disk) -> None:
    committer = Committer(disk.run, batch=4, capacity=12, linger=10.0)
    committer.start()
    first = await disk.hold(committer)
    others = await submitted(committer, 1)

    disk.free.set()
    for item in (2, 3):
        _work(0.002)
        others += await submitted(committer, item)
    await asyncio.gather(first, *others)
    await committer.close()

    assert disk.batches == [[0], [1, 2, 3]]


@pytest.mark.parametrize("event_loop", ["auto", "asyncio"])
def test_those_who_come_within_a_millisecond_go_along_on_every_event_loop(event_loop: str) -> None:
    """uvloop takes less than half a millisecond for no wait at all."""

    async def tried() -> list[list[int]]:
        loop, disk = asyncio.get_running_loop(), Disk()
        committer = Committer(disk.run, batch=4, capacity=12, linger=10.0)
        committer.start()
        first = await disk.hold(committer)
        others = await submitted(committer, 1)
        late: asyncio.Future[asyncio.Task[str]] = loop.create_future()
        loop.call_later(0.001, lambda: late.set_result(loop.create_task(committer.submit(Job(2)))))

        disk.free.set()
        await asyncio.gather(first, *others)
        await (await late)
        await committer.close()
        return disk.batches

    with asyncio.Runner(loop_factory=loop_factory(event_loop)) as runner:
        assert runner.run(tried()) == [[0], [1, 2]]


async def test_whoever_brings_many_waits_for_nobody(disk: Disk) -> None:
    """The commit is worth it already."""
    committer = Committer(disk.run, batch=100, capacity=300, linger=10.0)
    committer.start()
    disk.free.clear()
    first = asyncio.create_task(committer.submit_all(jobs(*range(20))))
    await disk.begun.wait()
    second = asyncio.create_task(committer.submit_all(jobs(*range(20, 40))))
    await asyncio.sleep(0)

    disk.free.set()
    _work(0.002)
    others = await submitted(committer, 40)
    await asyncio.gather(first, second, *others)
    await committer.close()

    assert disk.batches == [[*range(20)], [*range(20, 40)], [40]]


def _work(seconds: float) -> None:
    """Keep the loop busy, as calls that are being handled do."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


async def test_items_of_one_caller_have_an_outcome_each(disk: Disk, committer: Committer[Job, str]) -> None:
    assert await committer.submit_all(jobs(1, -2, 3)) == ["committed 1", REFUSED, "committed 3"]


async def test_a_refused_item_raises_at_its_caller(committer: Committer[Job, str]) -> None:
    with pytest.raises(NotFound):
        await committer.submit(Job(-1))


async def test_nothing_is_committed_for_nobody(disk: Disk, committer: Committer[Job, str]) -> None:
    assert await committer.submit_all([]) == []
    assert await committer.submit(Job(1)) == "committed 1"
    assert disk.batches == [[1]]


async def test_a_full_queue_refuses_the_whole_call(disk: Disk, committer: Committer[Job, str]) -> None:
    await disk.hold(committer)
    waiting = asyncio.create_task(committer.submit_all(jobs(*range(1, 11))))
    await asyncio.sleep(0)

    with pytest.raises(Unavailable) as raised:
        await committer.submit_all(jobs(*range(11, 16)))

    assert raised.value.reason is Reason.OVERLOADED
    last = asyncio.create_task(committer.submit_all(jobs(11, 12)))
    await asyncio.sleep(0)
    disk.free.set()
    assert len(await waiting) == 10
    assert await last == ["committed 11", "committed 12"]


@pytest.mark.parametrize("down", [Unavailable(Reason.STORE_UNAVAILABLE, "no disk"), OutcomeUnknown()])
async def test_a_store_that_is_down_fails_everybody(
    disk: Disk, committer: Committer[Job, str], down: Unavailable
) -> None:
    first = await disk.hold(committer)
    others = await submitted(committer, 1, 2)
    disk.down = down
    disk.free.set()

    outcomes = await asyncio.gather(first, *others, return_exceptions=True)

    assert outcomes == [down] * 3
    # Nobody's item is tried again behind the caller's back.
    assert disk.batches == [[0], [1, 2]]


async def test_it_goes_on_when_the_store_is_back(disk: Disk, committer: Committer[Job, str]) -> None:
    disk.down = Unavailable(Reason.STORE_UNAVAILABLE, "no disk")
    with pytest.raises(Unavailable):
        await committer.submit(Job(1))

    disk.down = None

    assert await committer.submit(Job(2)) == "committed 2"


async def test_an_item_that_the_store_refuses_fails_alone(disk: Disk, committer: Committer[Job, str]) -> None:
    first = await disk.hold(committer)
    others = await submitted(committer, 1, 2, 3, -4)
    disk.poison = {2}
    disk.free.set()

    _, one, two, three, four = await asyncio.gather(first, *others, return_exceptions=True)

    assert [one, three, four] == ["committed 1", "committed 3", REFUSED]
    assert isinstance(two, UnisonoError)
    assert two.reason is Reason.INTERNAL
    assert "database" not in two.message
    assert disk.batches == [[0], [1, 2, 3, -4], [1], [2], [3], [-4]]


async def test_an_item_that_is_being_committed_outlives_its_caller(
    disk: Disk, committer: Committer[Job, str]
) -> None:
    first = await disk.hold(committer)
    (patient,) = await submitted(committer, 1)

    first.cancel()
    disk.free.set()

    assert await patient == "committed 1"
    assert disk.batches == [[0], [1]]
    assert first.cancelled()


async def test_what_waits_is_given_up_with_its_caller(disk: Disk, committer: Committer[Job, str]) -> None:
    """Nobody is left who could be told; and whoever asks and goes away makes no work."""
    first = await disk.hold(committer)
    (impatient, patient) = await submitted(committer, 1, 2)

    impatient.cancel()
    await asyncio.sleep(0)
    disk.free.set()

    assert (await first, await patient) == ("committed 0", "committed 2")
    assert disk.batches == [[0], [2]]


async def test_background_items_ride_behind_the_others(disk: Disk, committer: Committer[Job, str]) -> None:
    await disk.hold(committer)
    behind = await submitted(committer, 101, 102, 103, background=True)
    others = await submitted(committer, 1, 2, 3, 4, 5)

    disk.free.set()
    await asyncio.gather(*behind, *others)

    # Behind the live ones of each commit, and with every commit: however much is live, they get on.
    assert disk.batches == [[0], [1, 2, 3, 4, 101, 102], [5, 103]]


async def test_background_items_alone_are_committed_too(disk: Disk, committer: Committer[Job, str]) -> None:
    assert await committer.submit_all(jobs(101, 102, 103), background=True) == [
        "committed 101",
        "committed 102",
        "committed 103",
    ]


async def test_close_commits_what_waits_and_refuses_what_comes(
    disk: Disk, committer: Committer[Job, str]
) -> None:
    first = await disk.hold(committer)
    others = await submitted(committer, *range(1, 7))
    closing = asyncio.create_task(committer.close())
    await asyncio.sleep(0)

    with pytest.raises(Unavailable) as late:
        await committer.submit(Job(99))
    disk.free.set()
    await closing

    assert late.value.reason is Reason.DRAINING
    assert [task.result() for task in (first, *others)] == [f"committed {n}" for n in range(7)]


async def test_close_of_an_idle_one_returns(committer: Committer[Job, str]) -> None:
    await committer.close()
    await committer.close()


async def test_close_of_one_that_never_started_returns() -> None:
    await Committer(Disk().run, batch=1, capacity=1).close()
