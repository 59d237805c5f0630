"""Who is barred is refused wherever a commit begins, until the bar is over, and for no other user or app."""

from collections.abc import Sequence

import pytest

from tests.support.clocks import START
from tests.support.core_harness import ADA, CoreHarness, running
from tests.support.ids import SequentialIds
from tests.support.memory_store import MemoryStore
from unisono.server.api.convert import encoding
from unisono.server.core.committer import Committed
from unisono.server.core.decide.endpoints import Register
from unisono.server.errors import FailedPrecondition, QuotaExceeded, Reason
from unisono.server.model import FeedKey, Limits, Platform

BOB = FeedKey(ADA.app_id, "bob")
ELSEWHERE = FeedKey("chat.test", ADA.user_id)


async def test_it_ends_by_itself_and_the_later_end_counts() -> None:
    harness = CoreHarness()
    bars = harness.bars
    bars.bar(ADA, START + 2000)
    bars.bar(ADA, START + 1000)
    harness.clock.advance(1.999)
    with pytest.raises(FailedPrecondition) as raised:
        bars.check(ADA)
    harness.clock.advance(0.001)
    bars.check(ADA)

    assert raised.value.reason is Reason.FEED_BARRED
    assert raised.value.metadata == {"barred_until": "2027-01-15T08:00:02.000Z"}


async def test_others_are_not_barred() -> None:
    bars = CoreHarness().bars
    bars.bar(ADA, START + 1)
    for other in (BOB, ELSEWHERE):
        bars.check(other)


async def test_as_many_as_allowed_for_each_app() -> None:
    """A prolonged one counts once, and one that is over does not count."""
    harness = CoreHarness(limits=Limits(barred_users_per_app=1))
    bars = harness.bars
    bars.bar(ADA, START + 1000)
    bars.bar(ADA, START + 2000)
    bars.bar(ELSEWHERE, START + 1000)
    with pytest.raises(QuotaExceeded) as raised:
        bars.bar(BOB, START + 1000)
    harness.clock.advance(2)
    bars.bar(BOB, START + 3000)

    assert raised.value.reason is Reason.BARS_EXCEEDED
    assert (raised.value.subject, raised.value.metadata) == ("app:mail.test", {"limit": "1"})


async def test_one_that_is_undone_leaves_what_was_before() -> None:
    bars = CoreHarness(limits=Limits(barred_users_per_app=1)).bars
    bars.put_back(*bars.bar(BOB, START + 1000))
    bars.check(BOB)
    bars.bar(ADA, START + 1000)
    bars.put_back(*bars.bar(ADA, START + 5000))
    with pytest.raises(FailedPrecondition) as raised:
        bars.check(ADA)
    assert raised.value.metadata["barred_until"].endswith("01.000Z")


async def test_no_commit_of_a_barred_user_begins() -> None:
    """Whoever was let in before is refused there, alone of its group."""
    async with running(CoreHarness()) as harness:
        row = await harness.send()
        harness.bars.bar(ADA, START + 1000)
        with pytest.raises(FailedPrecondition):
            await harness.delete(row)
        with pytest.raises(FailedPrecondition):
            await harness.endpoints.register(ADA, "phone", Platform.IOS, "")
        await harness.endpoints.register(BOB, "phone", Platform.IOS, "")
        assert await harness.store.endpoints(ADA) == []


async def test_the_others_of_a_group_are_committed_in_their_order() -> None:
    bars = CoreHarness().bars
    bars.bar(ADA, START + 1000)

    async def run(items: Sequence[Register]) -> Committed[str]:
        return Committed(outcomes=[item.endpoint_id for item in items], work=0.5)

    keys = (BOB, ADA, ELSEWHERE, ADA)
    items = [
        Register(feed=key, endpoint_id=str(place), platform=None, display_name="")
        for place, key in enumerate(keys)
    ]
    committed = await bars.guarded(run)(items)

    assert [str(outcome) for outcome in committed.outcomes[::2]] == ["0", "2"]
    assert all(isinstance(outcome, FailedPrecondition) for outcome in committed.outcomes[1::2])
    assert committed.work == 0.5


async def test_a_start_knows_them() -> None:
    store = MemoryStore(ids=SequentialIds(), encode=encoding.encode_row)
    async with running(CoreHarness(store=store)) as harness:
        await harness.eraser.delete(ADA, barred_until=START + 1000)
    async with running(CoreHarness(store=store)) as harness:
        await harness.bars.load()
        with pytest.raises(FailedPrecondition):
            harness.bars.check(ADA)


def test_who_was_renamed_is_barred_as_before() -> None:
    """A hash of a name cannot be renamed; who only looks like it, and others, are not barred."""
    harness = CoreHarness()
    harness.store.prefixes = {ADA.app_id: ["b:", "a:"]}
    renamed = [FeedKey(ADA.app_id, user_id) for user_id in ("a:ada", "b:a:ada", "b:ada")]
    harness.bars.bar(ADA, START + 2000)
    harness.bars.bar(renamed[1], START + 1000)

    for feed in (FeedKey(ADA.app_id, "a:b:ada"), FeedKey("chat.test", "b:a:ada"), BOB):
        harness.bars.check(feed)
    for feed in (ADA, *renamed):
        with pytest.raises(FailedPrecondition) as raised:
            harness.bars.check(feed)
        assert raised.value.metadata["barred_until"].endswith("02.000Z")
