"""*Fair*, through the use cases: what is committed between another's question and its answer. Counted."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from tests.support.builders import a_payload
from tests.support.core_harness import ADA, PUBLISHER, CoreHarness, running
from tests.support.ids import SequentialIds
from tests.support.memory_store import MemoryStore
from unisono.server.api.convert import encoding
from unisono.server.bus.base import Hint
from unisono.server.core.decide.commands import Actor, EncodedContent, StateFilter, StatePatch
from unisono.server.core.deleting import DeleteManyRequest, Deleting
from unisono.server.core.marking import Marking, MarkRequest
from unisono.server.core.notifications import SendRequest
from unisono.server.core.stepping import Selector
from unisono.server.model import EVERY_ENDPOINT, FeedKey, ReadState

#: What fits into a commit of a store that does not measure what rows cost.
ROWS = 100

ALL = MarkRequest(actor=PUBLISHER, selector=Selector(), patch=StatePatch(read_state=ReadState.READ))
BOB = replace(PUBLISHER, feed=FeedKey("mail.test", "bob"))
OTHER_APP = replace(PUBLISHER, feed=FeedKey("chat.test", "ada"))


class Disk(MemoryStore):
    """Lets others go on while it commits, as a thread does."""

    async def commit(self, items: Any, decide: Any) -> Any:
        await asyncio.sleep(0)
        return await super().commit(items, decide)


@pytest.fixture
async def harness() -> AsyncIterator[CoreHarness]:
    disk = Disk(ids=SequentialIds(), encode=encoding.encode_row)
    async with running(CoreHarness(store=disk)) as harness:
        yield harness


class Commits:
    """Whose rows were committed, one commit after the other."""

    def __init__(self, harness: CoreHarness) -> None:
        self.rows: list[tuple[FeedKey, int]] = []
        self.begun = asyncio.Event()
        harness.bus.listen(self._on_hint)

    def _on_hint(self, hint: Hint) -> None:
        if hint.changes:
            self.rows.append((hint.key, len(hint.changes)))
            self.begun.set()

    def before(self, key: FeedKey) -> int:
        """How many rows of others were committed before the first of this feed."""
        others = [rows for feed, rows in self.rows if feed != key]
        first = next(index for index, (feed, _) in enumerate(self.rows) if feed == key)
        return sum(others[:first])


def request(actor: Actor) -> SendRequest:
    content = EncodedContent(payload=a_payload("Hello"))
    return SendRequest(actor=actor, key="", content=content, target=EVERY_ENDPOINT, replace=False)


async def mark_all(harness: CoreHarness) -> int:
    return (await Marking(harness.stepping).mark(ALL)).changed


async def delete_all(harness: CoreHarness) -> int:
    asked = DeleteManyRequest(actor=PUBLISHER, selector=Selector(), where=StateFilter())
    return (await Deleting(harness.stepping).delete_many(asked)).removed


@pytest.mark.parametrize("work", [mark_all, delete_all])
@pytest.mark.parametrize("other", [BOB, OTHER_APP], ids=["another user", "another app"])
async def test_a_send_waits_for_two_steps_of_many_at_most(
    harness: CoreHarness, other: Actor, work: Callable[[CoreHarness], Coroutine[Any, Any, int]]
) -> None:
    await harness.notifications.send_batch(("mail.test", ""), [request(PUBLISHER)] * 2000)
    commits = Commits(harness)
    working = asyncio.create_task(work(harness))
    await asyncio.sleep(0)

    await harness.notifications.send(request(other))

    assert commits.before(other.feed) <= 2 * ROWS
    assert await working == 2000


async def test_a_send_of_another_app_waits_for_two_commits_of_a_batch_at_most(harness: CoreHarness) -> None:
    commits = Commits(harness)
    users = [replace(PUBLISHER, feed=FeedKey("mail.test", f"user-{n}")) for n in range(1000)]
    batch = asyncio.create_task(
        harness.notifications.send_batch(("mail.test", ""), [request(user) for user in users])
    )
    await commits.begun.wait()

    await harness.notifications.send(request(OTHER_APP))

    # One that began while nobody else was there, which has four times as many, and one that it shares.
    assert commits.before(OTHER_APP.feed) <= 6 * ROWS
    assert len(await batch) == 1000


async def test_a_hundred_marks_at_once_leave_room_in_each_commit(harness: CoreHarness) -> None:
    await harness.notifications.send_batch(("mail.test", ""), [request(PUBLISHER)] * 500)
    marking = Marking(harness.stepping)
    marks = [asyncio.create_task(marking.mark(ALL)) for _ in range(100)]
    await asyncio.sleep(0)
    commits = Commits(harness)

    await harness.notifications.send(request(BOB))

    assert commits.before(BOB.feed) <= 2 * ROWS
    assert sum(mark.changed for mark in await asyncio.gather(*marks)) == 500
    assert (await harness.store.feed(ADA)).unread_count() == 0  # type: ignore[union-attr]
