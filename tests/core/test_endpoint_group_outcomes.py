"""Endpoints that are registered, renamed and removed in one commit end as if it had been one by one."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

from tests.support.clocks import START
from tests.support.encoding import encode
from tests.support.ids import SequentialIds
from tests.support.memory_store import MemoryStore
from unisono.server.core.decide.endpoints import (
    EndpointCommand,
    EndpointResult,
    Register,
    Remove,
    Rename,
    decide_endpoints,
)
from unisono.server.errors import Reason, UnisonoError
from unisono.server.model import FeedKey, Limits, Platform
from unisono.server.store.base import Store
from unisono.server.store.commit import EndpointDecision
from unisono.server.store.reads import EndpointActivity
from unisono.server.store.sqlite import SqliteStore

FEEDS = (FeedKey("mail.test", "ada"), FeedKey("mail.test", "bob"))
IDS = tuple(f"endpoint-{number}" for number in range(6))
LIMITS = Limits(endpoints_per_user=3)
EVERY_REFUSAL = {
    Reason.ENDPOINT_DELETED,
    Reason.ENDPOINT_NOT_FOUND,
    Reason.ENDPOINTS_EXCEEDED,
    Reason.INVALID_REQUEST,
    Reason.PLATFORM_FIXED,
}


async def test_in_memory() -> None:
    failures: Counter[Reason] = Counter()
    for seed in range(300):
        failures += await compare(MemoryStore(ids=SequentialIds(), encode=encode), seed)

    # The commands met, in every way in which they can.
    assert not EVERY_REFUSAL - {reason for reason, count in failures.items() if count >= 20}


async def test_on_sqlite(tmp_path: Path) -> None:
    for seed in range(1000, 1010):
        store = SqliteStore(tmp_path / f"{seed}.db", ids=SequentialIds(), encode=encode)
        await store.open()
        try:
            await compare(store, seed)
        finally:
            await store.close()


async def compare(grouped: Store, seed: int) -> Counter[Reason]:
    """The same random commands to both stores: here all of a batch at once, there one by one."""
    random = Random(seed)  # noqa: S311
    alone = MemoryStore(ids=SequentialIds(), encode=encode)
    failures: Counter[Reason] = Counter()
    for now in range(START, START + random.randint(1, 5)):
        commands = [one(random) for _ in range(random.randint(1, 12))]

        expected = [(await commit(alone, [command], now)).outcomes[0] for command in commands]
        decision = await commit(grouped, commands, now)

        assert [shown(outcome) for outcome in decision.outcomes] == [shown(outcome) for outcome in expected]
        await assert_same_endpoints(grouped, alone)
        failures.update(o.reason for o in expected if isinstance(o, UnisonoError))
        ended = [
            EndpointActivity(
                feed=random.choice(FEEDS), endpoint_id=random.choice(IDS), time=now, ended_session="s"
            )
        ]
        await alone.record_activity(ended)
        await grouped.record_activity(ended)
    return failures


async def commit(
    store: Store, commands: Sequence[EndpointCommand], now: int
) -> EndpointDecision[EndpointResult]:
    return await store.commit_endpoints(
        commands, lambda items, view: decide_endpoints(items, view, now=now, limits=LIMITS)
    )


def one(random: Random) -> EndpointCommand:
    feed, endpoint_id = random.choice(FEEDS), random.choice(IDS)
    kind = random.random()
    if kind < 0.1:
        return Remove(feed=feed, endpoint_id=endpoint_id, may_return=random.random() < 0.6)
    if kind < 0.2:
        return Rename(feed=feed, endpoint_id=endpoint_id, display_name=random.choice("ABC"))
    return Register(
        feed=feed,
        endpoint_id=endpoint_id,
        platform=random.choice((None, Platform.LINUX, Platform.LINUX, Platform.LINUX, Platform.IOS)),
        display_name=random.choice(("", "D", "E")),
        session_id=random.choice(("", "s")),
        registration=random.choice((None, None, None, 0, 1, 2**60)),
        ephemeral=random.random() < 0.3,
    )


async def assert_same_endpoints(grouped: Store, alone: Store) -> None:
    for feed in FEEDS:
        for id_ in IDS:
            assert await grouped.feed_and_endpoint(feed, id_) == await alone.feed_and_endpoint(feed, id_)
        assert await in_order(grouped, feed) == await in_order(alone, feed)
        counted = await grouped.feed(feed)
        assert counted == await alone.feed(feed)
        assert counted is None or counted.endpoints == len(await grouped.endpoints(feed))


async def in_order(store: Store, feed: FeedKey) -> list[int]:
    return [endpoint.create_time for endpoint in await store.endpoints(feed)]


def shown(outcome: EndpointResult | UnisonoError) -> object:
    if isinstance(outcome, UnisonoError):
        return type(outcome), outcome.reason, outcome.message, outcome.metadata
    return outcome
