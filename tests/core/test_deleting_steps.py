"""Deleting many works in steps that each fit into a commit, and judges each row as it is in its own."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.core.steps import STEP, after_first_commit, rewritten, sent, steps
from tests.support.builders import a_payload
from tests.support.core_harness import ADA, PUBLISHER, CoreHarness, running
from unisono.server.core.decide.commands import EncodedContent, Ref, StateFilter, StatePatch
from unisono.server.core.deleting import DeleteManyRequest, Deleting
from unisono.server.core.notifications import SendRequest
from unisono.server.core.stepping import PART, Selector
from unisono.server.errors import NotFound
from unisono.server.model import EVERY_ENDPOINT, Change, ChangeType, Notification, ReadState
from unisono.server.store.reads import ListFilter

ALL = DeleteManyRequest(actor=PUBLISHER, selector=Selector(), where=StateFilter())
READ_ONES = replace(ALL, where=StateFilter(read_state=ReadState.READ))
READ = StatePatch(read_state=ReadState.READ)
UNREAD = StatePatch(read_state=ReadState.UNREAD)


@pytest.fixture
async def harness() -> AsyncIterator[CoreHarness]:
    async with running(CoreHarness()) as harness:
        yield harness


@pytest.fixture
def deleting(harness: CoreHarness) -> Deleting:
    return Deleting(harness.stepping)


def refs(rows: Sequence[Notification], *, missing: int = 0) -> DeleteManyRequest:
    """All of these by their ids, and some that were never there."""
    named = [Ref(id=row.id) for row in rows] + [Ref(id=f"missing-{n}") for n in range(missing)]
    return replace(ALL, selector=Selector(refs=tuple(named)))


async def live(harness: CoreHarness) -> list[str]:
    return [row.id for row in harness.store.rows(ADA) if row.live]


async def test_no_step_is_larger_than_a_commit_may_be(harness: CoreHarness, deleting: Deleting) -> None:
    await sent(harness, 2 * STEP + 3)
    found = steps(harness)

    deleted = await deleting.delete_many(ALL)

    assert found == [STEP, STEP, 3]
    assert (deleted.removed, deleted.skipped, deleted.unread_count) == (2 * STEP + 3, 0, 0)
    assert deleted.last_revision == 2 * (2 * STEP + 3)
    assert await live(harness) == []


async def test_each_removal_has_a_revision_and_an_origin_of_its_own(
    harness: CoreHarness, deleting: Deleting
) -> None:
    rows = await sent(harness, 3)
    told: list[Change] = []
    harness.bus.listen(lambda hint: told.extend(hint.changes))

    await deleting.delete_many(refs(rows))

    assert [(one.type, one.notification.revision, one.origin) for one in told] == [
        (ChangeType.DELETED, revision, "") for revision in (4, 5, 6)
    ]
    assert all(one.notification.payload is None for one in told)


async def test_a_step_looks_at_no_more_rows_when_none_is_meant(
    harness: CoreHarness, deleting: Deleting
) -> None:
    """All are unread: each step scans as many rows as if it removed them."""
    await sent(harness, 2 * STEP + 3)
    looked: list[int] = []
    commit = harness.store.commit

    async def counting(items: Any, decide: Any) -> Any:
        looked.extend(item.read_set.scan.limit for item in items)
        return await commit(items, decide)

    harness.store.commit = counting  # type: ignore[method-assign]
    deleted = await deleting.delete_many(READ_ONES)

    assert (deleted.removed, deleted.skipped) == (0, 0)
    assert looked == [STEP] * 3


async def test_each_row_is_judged_as_it_is_in_its_own_commit(
    harness: CoreHarness, deleting: Deleting
) -> None:
    rows = await sent(harness, STEP + 2)
    for row in (rows[0], rows[-1]):
        await harness.mark(row, READ)

    late = after_first_commit(harness, lambda: harness.mark(rows[-1], UNREAD))
    other = after_first_commit(harness, lambda: harness.mark(rows[-2], READ))

    deleted = await deleting.delete_many(READ_ONES)

    await late[0]
    await other[0]
    assert (deleted.removed, deleted.skipped) == (2, 0)
    assert set(await live(harness)) == {row.id for row in rows} - {rows[0].id, rows[-2].id}


@pytest.mark.parametrize("named", [False, True], ids=["all", "references"])
@pytest.mark.parametrize("silent", [False, True], ids=["rings", "is rewritten silently"])
async def test_what_rings_or_is_rewritten_between_steps_is_left_alone(
    harness: CoreHarness, deleting: Deleting, named: bool, silent: bool
) -> None:
    rows = await sent(harness, STEP + 1)
    late = after_first_commit(harness, lambda: rewritten(harness, rows[-1], silent=silent))

    deleted = await deleting.delete_many(refs(rows) if named else ALL)

    assert (deleted.removed, deleted.skipped) == (STEP, 1)
    assert await live(harness) == [(await late[0]).id]


async def test_what_is_sent_after_the_first_step_is_not_meant(
    harness: CoreHarness, deleting: Deleting
) -> None:
    await sent(harness, STEP + 1)
    late = after_first_commit(harness, lambda: harness.send("Late"))

    deleted = await deleting.delete_many(ALL)

    assert (deleted.removed, deleted.skipped) == (STEP + 1, 0)
    assert await live(harness) == [(await late[0]).id]


async def test_what_is_in_another_state_is_not_skipped_but_left(
    harness: CoreHarness, deleting: Deleting
) -> None:
    """By a revision before all that is there, whatever is read would be skipped."""
    rows = await sent(harness, 2)
    await harness.mark(rows[0], READ)

    deleted = await deleting.delete_many(replace(READ_ONES, up_to_revision=0))

    assert (deleted.removed, deleted.skipped) == (0, 1)


async def test_repeating_it_continues(harness: CoreHarness, deleting: Deleting) -> None:
    rows = await sent(harness, PART + 3)

    assert (await deleting.delete_many(refs(rows[:5]))).removed == 5
    again = await deleting.delete_many(refs(rows))
    assert (again.removed, again.already_removed) == (PART - 2, 5)
    last = await deleting.delete_many(refs(rows))
    assert (last.removed, last.already_removed, last.last_revision) == (0, PART + 3, 2 * (PART + 3))


async def test_what_no_part_knows_is_not_found(harness: CoreHarness, deleting: Deleting) -> None:
    rows = await sent(harness, 1)
    await harness.delete(rows[0])

    deleted = await deleting.delete_many(refs(rows, missing=2 * PART))

    assert (deleted.removed, deleted.already_removed, len(deleted.not_found)) == (0, 1, 2 * PART)
    with pytest.raises(NotFound):
        await deleting.delete_many(refs([], missing=2 * PART))


async def test_what_a_part_before_has_removed_was_not_gone_already(
    harness: CoreHarness, deleting: Deleting
) -> None:
    """By its id in the first part, and by its key in the last."""
    content = EncodedContent(payload=a_payload("Hello"))
    keyed = SendRequest(actor=PUBLISHER, key="key", content=content, target=EVERY_ENDPOINT, replace=False)
    row = (await harness.notifications.send(keyed)).notification
    others = await sent(harness, 2 * PART)
    named = (Ref(id=row.id), *(Ref(id=other.id) for other in others), Ref(key="key"))

    deleted = await deleting.delete_many(replace(ALL, selector=Selector(refs=named)))

    assert (deleted.removed, deleted.already_removed) == (2 * PART + 1, 0)
    assert (await harness.store.history(ADA, ListFilter(), before=None, limit=1, max_bytes=1)).rows == []
