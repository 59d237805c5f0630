"""Marking many works in steps that each fit into a commit, and means what was there when it began."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.core.steps import STEP, after_first_commit, rewritten, sent, steps
from tests.support.builders import a_notification, put
from tests.support.clocks import START
from tests.support.core_harness import ADA, PUBLISHER, CoreHarness, running
from tests.support.ids import SequentialIds
from tests.support.memory_store import MemoryStore
from unisono.server.api.convert import encoding
from unisono.server.core.decide.commands import Command, Delete, Mark, ProcessDue, Ref, StatePatch
from unisono.server.core.decide.results import DueProcessed
from unisono.server.core.marking import Marking, MarkRequest
from unisono.server.core.stepping import PART, Selector
from unisono.server.errors import NotFound, Reason, Unavailable
from unisono.server.model import LARGEST_INTEGER, Notification, ReadState, UserActionState
from unisono.server.store.commit import Scan

READ = StatePatch(read_state=ReadState.READ)
ALL = MarkRequest(actor=PUBLISHER, selector=Selector(), patch=READ)


@pytest.fixture
async def harness() -> AsyncIterator[CoreHarness]:
    async with running(CoreHarness()) as harness:
        yield harness


@pytest.fixture
def marking(harness: CoreHarness) -> Marking:
    return Marking(harness.stepping)


def refs(rows: Sequence[Notification], *, missing: int = 0) -> MarkRequest:
    """All of these by their ids, and some that are not there."""
    named = [Ref(id=row.id) for row in rows] + [Ref(id=f"missing-{n}") for n in range(missing)]
    return MarkRequest(actor=PUBLISHER, selector=Selector(refs=tuple(named)), patch=READ)


async def test_no_step_is_larger_than_a_commit_may_be(harness: CoreHarness, marking: Marking) -> None:
    await sent(harness, 2 * STEP + 3)
    found = steps(harness)

    marked = await marking.mark(ALL)

    assert found == [STEP, STEP, 3]
    assert (marked.changed, marked.skipped, marked.unread_count) == (2 * STEP + 3, 0, 0)
    assert marked.last_revision == 2 * (2 * STEP + 3)


async def test_what_fits_exactly_is_one_step_and_a_look(harness: CoreHarness, marking: Marking) -> None:
    await sent(harness, STEP)
    found = steps(harness)

    assert (await marking.mark(ALL)).changed == STEP
    assert found == [STEP]


async def test_it_counts_over_all_steps_what_it_left_alone(harness: CoreHarness, marking: Marking) -> None:
    rows = await sent(harness, STEP + 10)
    up_to = MarkRequest(
        actor=PUBLISHER, selector=Selector(), patch=READ, up_to_revision=rows[STEP + 3].revision
    )

    marked = await marking.mark(up_to)

    assert (marked.changed, marked.skipped, marked.unread_count) == (STEP + 4, 6, 6)


async def test_what_comes_after_the_first_step_is_not_meant(harness: CoreHarness, marking: Marking) -> None:
    await sent(harness, STEP + 1)
    late = after_first_commit(harness, lambda: harness.send("Late"))

    marked = await marking.mark(ALL)

    assert (marked.changed, marked.skipped) == (STEP + 1, 0)
    (row,) = await harness.store.find(ADA, ids=[(await late[0]).id])
    assert row.read_state is ReadState.UNREAD


@pytest.mark.parametrize("named", [False, True], ids=["all", "references"])
@pytest.mark.parametrize("silent", [False, True], ids=["rings", "is rewritten silently"])
async def test_what_rings_or_is_rewritten_between_steps_is_left_alone(
    harness: CoreHarness, marking: Marking, named: bool, silent: bool
) -> None:
    rows = await sent(harness, STEP + 1)
    late = after_first_commit(harness, lambda: rewritten(harness, rows[-1], silent=silent))

    marked = await marking.mark(refs(rows) if named else ALL)

    assert (marked.changed, marked.skipped) == (STEP, 1)
    (row,) = await harness.store.find(ADA, ids=[rows[-1].id])
    assert (row.read_state, row.revision) == (ReadState.UNREAD, (await late[0]).revision)


async def test_what_wakes_between_two_parts_is_left_alone(harness: CoreHarness, marking: Marking) -> None:
    """The end of a snooze waits for no turn: it comes between parts that wait together."""
    rows = await sent(harness, 12 * PART)
    snoozed = StatePatch(user_action_state=UserActionState.SNOOZED, snooze_until=START + 1000)
    await harness.mark(rows[-1], snoozed)
    harness.clock.advance(1)
    due = ProcessDue(feed=ADA, id=rows[-1].id)
    late = after_first_commit(harness, lambda: harness.commits.submit(due, DueProcessed, background=True))

    marked = await marking.mark(refs(rows))

    assert (await late[0]).changed
    assert (marked.changed, marked.skipped, marked.unread_count) == (len(rows) - 1, 1, 1)


async def test_a_revision_that_is_asked_for_stands_in_all_steps(
    harness: CoreHarness, marking: Marking
) -> None:
    rows = await sent(harness, STEP + 1)
    after_first_commit(harness, lambda: rewritten(harness, rows[-1]))

    marked = await marking.mark(replace(ALL, up_to_revision=LARGEST_INTEGER))

    assert (marked.changed, marked.skipped, marked.unread_count) == (STEP + 1, 0, 0)


class DeletedBetween(MemoryStore):
    """Loses its feed right after the first step of a mark, and has another of the same user then."""

    def __init__(self) -> None:
        super().__init__(ids=SequentialIds(), encode=encoding.encode_row)
        self.deleted = False

    async def commit(self, items: Any, decide: Any) -> Any:
        decision = await super().commit(items, decide)
        if isinstance(items[0], Mark) and not self.deleted:
            self.deleted = True
            await self.detach_feed(ADA, None)
            await put(self, *(a_notification(f"new {n}", n, feed=ADA) for n in range(1, 2 * STEP + 1)))
        return decision


async def test_a_feed_that_was_deleted_meanwhile_ends_it() -> None:
    """What is in the next one came after its first step."""
    async with running(CoreHarness(store=DeletedBetween())) as harness:
        await sent(harness, STEP + 1)

        marked = await Marking(harness.stepping).mark(ALL)

        feed = await harness.store.feed(ADA)
        assert feed is not None
        assert (marked.changed, feed.unread_count()) == (STEP, 2 * STEP)


async def test_repeating_it_continues_and_then_changes_nothing(
    harness: CoreHarness, marking: Marking
) -> None:
    await sent(harness, STEP + 5)
    first = Mark(actor=PUBLISHER, patch=READ, scan=Scan(until=2**53 - 1))
    await harness.commits.committer.submit(first)

    assert [(await marking.mark(ALL)).changed for _ in range(2)] == [5, 0]


async def test_a_step_sees_what_its_batch_did_before_it(harness: CoreHarness) -> None:
    """Removed, and created, in the same commit as the step."""
    rows = await sent(harness, 3)
    delete = Delete(actor=PUBLISHER, ref=Ref(id=rows[0].id))
    mark = Mark(actor=PUBLISHER, patch=READ, scan=Scan(until=2**53 - 1))

    _, _, marked = await asyncio.gather(
        harness.commits.committer.submit(delete),
        harness.send("Just before"),
        harness.commits.committer.submit(mark),
    )

    unread = [row.id for row in harness.store.rows(ADA) if row.counts_as_unread]
    assert unread == []
    assert marked.feed.unread_count() == 0  # type: ignore[union-attr]


async def test_references_are_marked_in_parts_that_leave_room(harness: CoreHarness, marking: Marking) -> None:
    """Each part is a turn: others go between two of them."""
    rows = await sent(harness, 2 * PART + 1)
    parts: list[int] = []
    submit_all = harness.commits.committer.submit_all

    async def counting(items: Sequence[Command], **options: Any) -> Any:
        parts.extend(item.rows for item in items)
        return await submit_all(items, **options)

    harness.commits.committer.submit_all = counting  # type: ignore[method-assign]
    marked = await marking.mark(refs(rows))

    assert parts == [43, 43, 43]
    assert (marked.changed, marked.unread_count, marked.not_found) == (2 * PART + 1, 0, ())


async def test_what_no_part_finds_is_not_found(harness: CoreHarness, marking: Marking) -> None:
    rows = await sent(harness, 3)

    marked = await marking.mark(refs(rows, missing=2 * PART))

    assert (marked.changed, len(marked.not_found)) == (3, 2 * PART)
    with pytest.raises(NotFound):
        await marking.mark(refs([], missing=2 * PART))


async def test_one_of_many_is_never_taken_for_the_only_one(harness: CoreHarness, marking: Marking) -> None:
    """A snooze that would end too late is an error for a single notification, and skipped among many."""
    rows = await sent(harness, PART + 1)
    late = StatePatch(user_action_state=UserActionState.SNOOZED, snooze_until=rows[-1].expire_time)

    marked = await marking.mark(replace(refs(rows), patch=late))

    assert (marked.changed, marked.skipped) == (0, PART + 1)


async def test_a_store_that_fails_in_one_part_fails_the_mark(harness: CoreHarness, marking: Marking) -> None:
    rows = await sent(harness, PART + 1)
    submit_all = harness.commits.committer.submit_all
    calls = 0

    async def failing(items: Sequence[Command], **options: Any) -> Any:
        nonlocal calls
        calls += 1
        return await submit_all(items, **options) if calls == 1 else [Unavailable(Reason.OVERLOADED, "full")]

    harness.commits.committer.submit_all = failing  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        await marking.mark(refs(rows))


async def test_a_named_notification_counts_once_however_often_it_is_named(
    harness: CoreHarness, marking: Marking
) -> None:
    (row,) = await sent(harness, 1)

    assert (await marking.mark(refs([row] * (2 * PART)))).changed == 1
