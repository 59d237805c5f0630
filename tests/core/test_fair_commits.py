"""*Fair*: who commits little is not kept waiting by who commits much. Counted in batches and rows."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.core.jobs import ADA, BOB, OTHER_APP, Disk, Job
from unisono.server.core.budget import SECONDS, CommitTimeBudget
from unisono.server.core.committer import Committer
from unisono.server.errors import Reason, Unavailable
from unisono.server.model import FeedKey


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
async def committer(disk: Disk) -> AsyncIterator[Committer[Job, str]]:
    committer = Committer(disk.run, batch=4, capacity=24)
    committer.start()
    yield committer
    disk.free.set()
    await committer.close()


async def queued(committer: Committer[Job, str], *items: Job) -> asyncio.Task[object]:
    """One call with these items, which wait."""
    call = asyncio.create_task(committer.submit_all(items))
    await asyncio.sleep(0)
    return call


def of(feed: FeedKey, *numbers: int) -> list[Job]:
    return [Job(number, feed) for number in numbers]


async def test_each_app_that_waits_has_a_turn_between_two_of_another(
    disk: Disk, committer: Committer[Job, str]
) -> None:
    await disk.hold(committer)
    calls = [
        await queued(committer, *of(ADA, *range(1, 9))),
        await queued(committer, *of(OTHER_APP, 101, 102)),
    ]

    disk.free.set()
    await asyncio.gather(*calls)

    assert disk.batches == [[0], [1, 101, 2, 102], [3, 4, 5, 6], [7, 8]]


async def test_so_has_each_user_within_an_app(disk: Disk, committer: Committer[Job, str]) -> None:
    await disk.hold(committer)
    calls = [await queued(committer, *of(ADA, *range(1, 9))), await queued(committer, *of(BOB, 101))]

    disk.free.set()
    await asyncio.gather(*calls)

    assert disk.batches[1] == [1, 101, 2, 3]


async def test_users_of_one_app_do_not_crowd_out_another(disk: Disk, committer: Committer[Job, str]) -> None:
    await disk.hold(committer)
    crowd = [Job(number, ADA._replace(user_id=f"user-{number}")) for number in range(1, 9)]
    calls = [await queued(committer, *crowd), await queued(committer, *of(OTHER_APP, 101, 102))]

    disk.free.set()
    await asyncio.gather(*calls)

    assert disk.batches[1] == [1, 101, 2, 102]


async def test_what_comes_of_a_call_stands_in_its_order(disk: Disk, committer: Committer[Job, str]) -> None:
    """Also when its items were committed in another one."""
    await disk.hold(committer)
    call = asyncio.create_task(committer.submit_all([*of(ADA, 1, 2, 3), *of(BOB, 4, 5)]))
    await asyncio.sleep(0)

    disk.free.set()

    assert await call == [f"committed {number}" for number in (1, 2, 3, 4, 5)]
    assert disk.batches == [[0], [1, 4, 2, 5], [3]]


async def experienced(disk: Disk) -> Committer[Job, str]:
    """One that has learned that ten rows fit into the time of a commit."""
    disk.row = SECONDS / 10
    committer = Committer(disk.run, batch=1000, capacity=1000)
    committer.start()
    await committer.submit_all(of(ADA, *range(200)))
    return committer


async def test_a_batch_has_the_rows_that_fit_into_its_time(disk: Disk) -> None:
    committer = await experienced(disk)
    await disk.hold(committer)
    learned = len(disk.batches)
    calls = [await queued(committer, *of(feed, *range(50))) for feed in (ADA, OTHER_APP)]

    disk.free.set()
    await asyncio.gather(*calls)
    await committer.close()

    # The first has what one may have who was alone until then.
    assert [len(batch) for batch in disk.batches[learned:]] == [40, *[10] * 6]


async def test_it_has_four_times_as_many_while_one_app_alone_commits(disk: Disk) -> None:
    """There is nobody else who would wait for them."""
    committer = await experienced(disk)
    learned = len(disk.batches)

    await committer.submit_all(of(BOB, *range(120)))
    await committer.close()

    assert {len(batch) for batch in disk.batches[learned:]} == {40}


async def test_what_is_about_more_than_fits_is_committed_alone(disk: Disk) -> None:
    committer = await experienced(disk)
    learned = len(disk.batches)

    await committer.submit_all([Job(1, ADA, rows=300), Job(2, ADA), Job(3, ADA, rows=300)])
    await committer.close()

    assert disk.batches[learned:] == [[1], [2, 3]]


async def test_what_goes_in_steps_takes_all_while_nobody_else_waits(
    disk: Disk, committer: Committer[Job, str]
) -> None:
    await committer.submit_all([Job(1, ADA, rows=500, step=32), Job(2, ADA, rows=500, step=32)])

    assert disk.rows == [[500], [500]]


async def test_it_takes_its_share_while_somebody_does(disk: Disk) -> None:
    """Before anything was measured, a hundred rows fit."""
    committer = Committer(disk.run, batch=1000, capacity=1000)
    committer.start()
    await disk.hold(committer)
    much = await queued(committer, Job(1, ADA, rows=500, step=32))
    little = await queued(committer, Job(2, BOB))

    disk.free.set()
    await asyncio.gather(much, little)
    await committer.close()

    assert disk.batches[1] == [1, 2]
    assert disk.rows[1] == [50, 1]


async def test_it_leaves_room_where_somebody_came_lately(disk: Disk) -> None:
    """Whoever sends one at a time is seldom found waiting, and comes again all the same."""
    committer = Committer(disk.run, batch=1000, capacity=1000)
    committer.start()
    await disk.hold(committer)
    much = await queued(committer, Job(1, ADA, rows=500, step=32))
    little = await queued(committer, Job(2, BOB))
    disk.free.set()
    await asyncio.gather(much, little)

    await committer.submit(Job(3, ADA, rows=500, step=32))
    await committer.close()

    assert disk.rows == [[1], [50, 1], [100]]


async def test_places_are_taken_before_anything_is_prepared(committer: Committer[Job, str]) -> None:
    """Whoever prepares a thousand is refused before, and not after."""
    with committer.reserved(ADA, 12):
        with pytest.raises(Unavailable), committer.reserved(BOB, 2):
            pass
        with committer.reserved(OTHER_APP, 6):
            pass
        assert len(await committer.submit_reserved(of(ADA, *range(12)))) == 12

    with committer.reserved(BOB, 12):
        pass


async def test_what_time_does_waits_for_no_busy_app(disk: Disk, committer: Committer[Job, str]) -> None:
    """An app that has all the places it may have keeps nothing from expiring, its own neither."""
    await disk.hold(committer)
    much = await queued(committer, *of(ADA, *range(1, 12)))
    with pytest.raises(Unavailable):
        await committer.submit_all(of(ADA, *range(12, 18)))

    passing = asyncio.create_task(committer.submit_all(of(ADA, *range(101, 107)), background=True))
    await asyncio.sleep(0)
    disk.free.set()
    await much

    assert await passing == [f"committed {number}" for number in range(101, 107)]


async def test_what_has_places_when_it_is_closed_is_refused(committer: Committer[Job, str]) -> None:
    """Nobody would commit it any more."""
    with committer.reserved(ADA, 1):
        await committer.close()

        with pytest.raises(Unavailable) as raised:
            await committer.submit_reserved(of(ADA, 1))

    assert raised.value.reason is Reason.DRAINING


async def test_the_queue_keeps_places_for_other_apps(disk: Disk, committer: Committer[Job, str]) -> None:
    """One app may have as many of them as it leaves."""
    await disk.hold(committer)
    calls = [await queued(committer, *of(ADA, *range(1, 12)))]

    with pytest.raises(Unavailable) as raised:
        await committer.submit_all(of(BOB, *range(12, 20)))
    calls.append(await queued(committer, *of(OTHER_APP, *range(101, 106))))

    assert raised.value.reason is Reason.OVERLOADED
    disk.free.set()
    await asyncio.gather(*calls)


def test_a_budget_learns_what_rows_cost() -> None:
    budget = CommitTimeBudget(seconds=0.005)
    before = budget.max_rows

    for _ in range(50):
        budget.record(100, 100 * 50e-6)

    assert before == 200
    assert budget.max_rows == pytest.approx(100, abs=5)


def test_a_commit_of_one_row_says_little_of_the_cost_of_many() -> None:
    """Most of its time is that of the commit itself."""
    budget = CommitTimeBudget(seconds=0.005)
    for _ in range(50):
        budget.record(200, 200 * 25e-6)

    budget.record(1, 300e-6)

    assert budget.max_rows > 190


def test_a_store_that_measures_nothing_teaches_nothing() -> None:
    budget = CommitTimeBudget(seconds=0.005)
    before = budget.max_rows

    budget.record(1000, 0.0)

    assert budget.max_rows == before


def test_there_is_always_room_for_one() -> None:
    budget = CommitTimeBudget(seconds=0.005)
    for _ in range(50):
        budget.record(1, 1.0)

    assert budget.max_rows == 1
