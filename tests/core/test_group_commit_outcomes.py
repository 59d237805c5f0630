"""A batch that is decided in one commit ends as if its commands had come one after the other."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.support.clocks import START
from tests.support.encoding import encode
from tests.support.ids import SequentialIds
from tests.support.memory_store import MemoryStore
from tests.support.random_commands import RandomCommands
from unisono.server.core.decide.batch import decide
from unisono.server.core.decide.commands import Command
from unisono.server.core.decide.results import DueProcessed, Result, SendResult
from unisono.server.errors import Reason, UnisonoError
from unisono.server.model import Change, ChangeType, FeedKey, Limits, Notification
from unisono.server.model.notification import size_of
from unisono.server.store.base import Store
from unisono.server.store.commit import Decision
from unisono.server.store.sqlite import SqliteStore

FEEDS = (FeedKey("mail.test", "ada"), FeedKey("mail.test", "bob"))
LIMITS = Limits(live_notifications_per_feed=7, target_policies_per_feed=2, feed_bytes=110)
EVERY_KIND = {
    "SendResult",
    "SendResult again",
    "SendResult anew",
    "SendResult that displaced others",
    "UpdateResult",
    "MarkStep",
    "DeleteResult",
    "DeleteStep",
    "DueProcessed",
    "DueProcessed to no effect",
    Reason.INVALID_REQUEST,
    Reason.KEY_CONFLICT,
    Reason.LIVE_NOTIFICATIONS_EXCEEDED,
    Reason.TARGET_POLICIES_EXCEEDED,
    Reason.FEED_BYTES_EXCEEDED,
    Reason.NOTIFICATION_NOT_FOUND,
    Reason.NOT_CREATOR,
    Reason.REVISION_MISMATCH,
}


async def test_in_memory() -> None:
    kinds: Counter[str] = Counter()
    for seed in range(200):
        for outcome in await compare(MemoryStore(ids=SequentialIds(), encode=encode), seed):
            kinds[kind(outcome)] += 1

    # The commands met, in every way in which they can.
    assert not EVERY_KIND - {name for name, count in kinds.items() if count >= 5}


@pytest.mark.parametrize("seed", range(1000, 1012))
async def test_on_sqlite(seed: int, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db", ids=SequentialIds(), encode=encode)
    await store.open()
    try:
        await compare(store, seed)
    finally:
        await store.close()


async def compare(grouped: Store, seed: int) -> Sequence[Result | UnisonoError]:
    """The same random commands to both stores: here all of a batch at once, there one by one."""
    outcomes: list[Result | UnisonoError] = []
    random = Random(seed)  # noqa: S311
    alone = MemoryStore(ids=SequentialIds(), encode=encode)
    sources = {key: RandomCommands(random, key, LIMITS) for key in FEEDS}
    now = START
    for _ in range(random.randint(1, 5)):
        now += random.choice((0, 1_000, 10_000))
        commands: list[Command] = []
        decisions: list[Decision[Result]] = []
        for _ in range(random.randint(1, 30)):
            key = random.choice(FEEDS)
            # Each sees what the ones before it did, so that it may mean what they made.
            commands.append(sources[key].one(alone.rows(key), now))
            decisions.append(await commit(alone, commands[-1:], now))
        before = {key: await revision(grouped, key) for key in FEEDS}
        decision = await commit(grouped, commands, now)
        assert_same_outcomes(decision, decisions)
        assert_same_changes(decision, decisions, before)
        for key in FEEDS:
            await assert_same_state(grouped, alone, key)
        outcomes += decision.outcomes
    return outcomes


async def commit(store: Store, commands: Sequence[Command], now: int) -> Decision[Result]:
    return await store.commit(commands, lambda items, view: decide(items, view, now=now, limits=LIMITS))


async def revision(store: Store, key: FeedKey) -> int:
    feed = await store.feed(key)
    return feed.revision if feed else 0


def assert_same_outcomes(grouped: Decision[Result], alone: Sequence[Decision[Result]]) -> None:
    expected = [outcome for decision in alone for outcome in decision.outcomes]
    assert [shown(outcome) for outcome in grouped.outcomes] == [shown(outcome) for outcome in expected]


def assert_same_changes(
    grouped: Decision[Result], alone: Sequence[Decision[Result]], before: dict[FeedKey, int]
) -> None:
    for key in FEEDS:
        changes = [change for decision in alone for change in decision.changes.get(key, ())]
        found = grouped.changes.get(key, ())
        assert [told(change) for change in found] == [told(change) for change in changes]
        revisions = [change.notification.revision for change in found]
        assert revisions == list(range(before[key] + 1, before[key] + 1 + len(revisions)))
    assert max(Counter(row.id for row in grouped.rows).values(), default=1) == 1


async def assert_same_state(grouped: Store, alone: MemoryStore, key: FeedKey) -> None:
    rows = {row.id: row for row in alone.rows(key)}
    feed = await grouped.feed(key)
    assert {row.id: row for row in await grouped.find(key, ids=list(rows))} == rows
    assert feed == await alone.feed(key)
    assert feed is None or recounted(rows.values()) == (
        feed.size,
        {"": (feed.live, feed.unread), **feed.targets},
    )


def recounted(rows: Collection[Notification]) -> tuple[int, dict[str, tuple[int, int]]]:
    """The sum of sizes, and by target policy how many there are and are unread; under "" all that live."""
    live = [row for row in rows if row.live]
    counts = {row.target.key: (0, 0) for row in live} | {"": (0, 0)}
    for row in live:
        of_key, unread = counts[row.target.key]
        counts[row.target.key] = of_key + 1, unread + row.counts_as_unread
    counts[""] = len(live), counts[""][1]
    return sum(size_of(row.payload or b"", row.target) for row in live), counts


def kind(outcome: Result | UnisonoError) -> str:
    if isinstance(outcome, UnisonoError):
        return outcome.reason
    if isinstance(outcome, SendResult) and outcome.deduplicated:
        return "SendResult again"
    if isinstance(outcome, SendResult) and outcome.displaced:
        return "SendResult that displaced others"
    if (
        isinstance(outcome, SendResult)
        and outcome.notification.revision > outcome.notification.create_revision
    ):
        return "SendResult anew"
    idle = isinstance(outcome, DueProcessed) and not outcome.changed
    return type(outcome).__name__ + " to no effect" * idle


def shown(outcome: Result | UnisonoError) -> object:
    """What the caller is told. What a deduplicated send found is told without its payload."""
    if isinstance(outcome, UnisonoError):
        return type(outcome), outcome.reason, outcome.message, outcome.metadata
    if isinstance(outcome, SendResult) and outcome.deduplicated:
        return replace(outcome, notification=replace(outcome.notification, payload=None))
    return outcome


def told(change: Change) -> Change:
    """What devices are told: the payload only with new content."""
    if change.type in (ChangeType.CREATED, ChangeType.UPDATED):
        return change
    return replace(change, notification=replace(change.notification, payload=None))
