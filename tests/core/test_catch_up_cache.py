"""What devices read together: once, never older than what each knows of, and in bounded memory."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.core.rows import ADA, row
from tests.support.builders import put
from tests.support.clocks import START, FakeClock
from tests.support.encoding import encode
from tests.support.ids import SequentialIds
from tests.support.memory_store import MemoryStore
from unisono.server.core import catch_up_cache as module
from unisono.server.core.catch_up_cache import CatchUpCache, CatchUpPage
from unisono.server.core.events import BATCH_BYTES
from unisono.server.core.position import CatchUpEvent, Position
from unisono.server.core.stream_metrics import StreamMetrics
from unisono.server.errors import Reason, Unavailable
from unisono.server.model import Audience, FeedKey, Platform, TargetPolicy
from unisono.server.store.reads import Changes, Standing

PHONE = Audience("phone", Platform.IOS)
START_OF_ALL = Position.beginning(0)


def at(revision: int) -> Standing:
    """Where a feed of the store stands when this is its last revision."""
    return Standing(SequentialIds().epoch(), revision)


class Watched(MemoryStore):
    """Counts the reads, and holds them back or fails them as a test wants."""

    def __init__(self) -> None:
        super().__init__(ids=SequentialIds(), encode=encode)
        self.reads = 0
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.fails = False

    async def changes(self, key: FeedKey, **bounds: Any) -> Changes:
        self.reads += 1
        if self.fails:
            raise Unavailable(Reason.STORE_UNAVAILABLE, "not now")
        read = await super().changes(key, **bounds)
        await self.may_end.wait()
        return read


def encoded(event: CatchUpEvent) -> bytes:
    return b"%d%s" % (event.row.revision, b"!" if event.alert else b"")


def large(event: CatchUpEvent) -> bytes:
    return bytes(BATCH_BYTES // 2)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store() -> Watched:
    store = Watched()
    await put(store, *(row(revision) for revision in (1, 2, 3)))
    return store


@pytest.fixture
def cache(store: Watched, clock: FakeClock) -> CatchUpCache:
    return CatchUpCache(store, clock, encoded, StreamMetrics())


def events(page: CatchUpPage, audience: Audience = PHONE) -> list[bytes]:
    return list(page.batch(audience)[0])


async def test_those_who_are_at_the_same_position_read_once(store: Watched, cache: CatchUpCache) -> None:
    store.may_end.clear()
    reading = [
        asyncio.create_task(cache.get_or_read(ADA, START_OF_ALL, min_standing=at(3))) for _ in range(3)
    ]
    await asyncio.sleep(0)
    store.may_end.set()

    together = [events(page) for page in await asyncio.gather(*reading)]
    later = await cache.get_or_read(ADA, START_OF_ALL, min_standing=at(3))

    assert together == [[b"1!", b"2!", b"3!"]] * 3
    assert events(later) == together[0]
    assert store.reads == 1


async def test_other_positions_and_other_feeds_are_read_for_themselves(
    store: Watched, cache: CatchUpCache
) -> None:
    bob = FeedKey("mail.test", "bob")
    await put(store, row(1, feed=bob, id="bob's"))

    await cache.get_or_read(ADA, START_OF_ALL, min_standing=at(3))
    behind = await cache.get_or_read(ADA, Position(1, 0, 0), min_standing=at(3))
    old = await cache.get_or_read(ADA, Position(0, 0, 3), min_standing=at(3))
    other = await cache.get_or_read(bob, START_OF_ALL, min_standing=at(1))

    assert (events(behind), events(old)) == ([b"2!", b"3!"], [b"1", b"2", b"3"])
    assert events(other) == [b"1!"]
    assert store.reads == 4


async def test_nobody_gets_what_is_older_than_what_it_knows_of(store: Watched, cache: CatchUpCache) -> None:
    await cache.get_or_read(ADA, START_OF_ALL, min_standing=at(3))
    await put(store, row(4))

    assert len(events(await cache.get_or_read(ADA, START_OF_ALL, min_standing=at(4)))) == 4
    assert len(events(await cache.get_or_read(ADA, START_OF_ALL, min_standing=at(3)))) == 4
    assert store.reads == 2


async def test_what_was_kept_of_a_feed_that_is_no_more_is_told_to_nobody(
    store: Watched, cache: CatchUpCache
) -> None:
    await cache.get_or_read(ADA, START_OF_ALL, min_standing=at(3))

    await cache.get_or_read(ADA, START_OF_ALL, min_standing=Standing(b"begun anew", 1))

    assert store.reads == 2


async def test_whoever_reads_alone_sees_what_is_there_now(store: Watched, cache: CatchUpCache) -> None:
    await cache.get_or_read(ADA, START_OF_ALL, min_standing=at(3))
    await put(store, row(4))

    assert len(events(await cache.read(ADA, START_OF_ALL))) == 4


async def test_what_no_longer_rings_is_not_told_as_ringing(
    store: Watched, cache: CatchUpCache, clock: FakeClock
) -> None:
    await put(store, row(4, display_time_to_live=60_000, alert_time=START))
    ringing = await cache.get_or_read(ADA, Position(3, 0, 0), min_standing=at(4))

    clock.advance(59)
    still = await cache.get_or_read(ADA, Position(3, 0, 0), min_standing=at(4))
    clock.advance(1)
    over = await cache.get_or_read(ADA, Position(3, 0, 0), min_standing=at(4))

    assert [events(page) for page in (ringing, still, over)] == [[b"4!"], [b"4!"], [b"4"]]
    assert store.reads == 2


async def test_the_others_have_it_though_the_first_goes_away(store: Watched, cache: CatchUpCache) -> None:
    store.may_end.clear()
    first, second = (
        asyncio.create_task(cache.get_or_read(ADA, START_OF_ALL, min_standing=at(3))) for _ in range(2)
    )
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    store.may_end.set()

    assert events(await second) == [b"1!", b"2!", b"3!"]
    assert store.reads == 1


async def test_a_read_that_fails_is_told_to_all_and_not_kept(store: Watched, cache: CatchUpCache) -> None:
    store.fails = True
    told = await asyncio.gather(
        *(cache.get_or_read(ADA, START_OF_ALL, min_standing=at(3)) for _ in range(2)), return_exceptions=True
    )
    store.fails = False

    assert [type(error) for error in told] == [Unavailable, Unavailable]
    assert len(events(await cache.get_or_read(ADA, START_OF_ALL, min_standing=at(3)))) == 3


async def test_where_there_is_no_feed_there_is_nothing_to_share(cache: CatchUpCache) -> None:
    with pytest.raises(LookupError):
        await cache.get_or_read(FeedKey("mail.test", "nobody"), START_OF_ALL, min_standing=at(0))


async def test_the_oldest_makes_room(
    store: Watched, cache: CatchUpCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    weight = (await cache.read(ADA, START_OF_ALL)).size_bytes
    monkeypatch.setattr(module, "SHARED_BYTES", 2 * weight)
    places = [Position(0, 0, base) for base in range(3)]
    for place in places:
        await cache.get_or_read(ADA, place, min_standing=at(3))

    before = store.reads
    await cache.get_or_read(ADA, places[2], min_standing=at(3))
    await cache.get_or_read(ADA, places[1], min_standing=at(3))
    assert store.reads == before
    await cache.get_or_read(ADA, places[0], min_standing=at(3))
    assert store.reads == before + 1


async def test_what_is_read_again_takes_the_room_of_what_was_there(
    store: Watched, cache: CatchUpCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHARED_BYTES", 4 * (await cache.read(ADA, START_OF_ALL)).size_bytes)
    await cache.get_or_read(ADA, Position(0, 0, 3), min_standing=at(3))
    for revision in range(4, 14):
        await put(store, replace(row(3), revision=revision))
        await cache.get_or_read(ADA, START_OF_ALL, min_standing=at(revision))

    before = store.reads
    await cache.get_or_read(ADA, Position(0, 0, 3), min_standing=at(3))

    assert store.reads == before


async def test_target_policies_take_room_too(store: Watched, cache: CatchUpCache) -> None:
    before = (await cache.read(ADA, START_OF_ALL)).size_bytes
    await put(store, row(4, target=TargetPolicy.of([], [f"{number:0250}" for number in range(100)])))

    assert (await cache.read(ADA, START_OF_ALL)).size_bytes > before + 2 * 25_000


@pytest.mark.parametrize(
    ("audience", "expected"),
    [(PHONE, [b"1!", b"3!"]), (Audience("desk", Platform.LINUX), [b"1!", b"2!"])],
)
async def test_each_has_what_is_meant_for_it(
    store: Watched, cache: CatchUpCache, audience: Audience, expected: list[bytes]
) -> None:
    await put(
        store,
        row(2, target=TargetPolicy.of([], ["desk"])),
        row(3, target=TargetPolicy.of([Platform.IOS], [])),
    )

    page = await cache.get_or_read(ADA, START_OF_ALL, min_standing=at(3))

    assert page.batch(audience) == (expected, None)


@pytest.mark.parametrize("target", [TargetPolicy(), TargetPolicy.of([Platform.IOS], [])])
async def test_a_batch_ends_where_it_is_full(store: Watched, clock: FakeClock, target: TargetPolicy) -> None:
    await put(store, row(4, target=target))
    cache = CatchUpCache(store, clock, large, StreamMetrics())
    position, told = START_OF_ALL, []
    while True:
        batch, passed = (await cache.get_or_read(ADA, position, min_standing=at(4))).batch(PHONE)
        told.append((len(batch), passed))
        if passed is None:
            break
        position = position.passed(passed)

    assert told == [(2, 2), (2, None)]


async def test_a_page_that_does_not_reach_the_end_says_how_far_it_goes(
    store: Watched, cache: CatchUpCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE_ROWS", 2)

    batch, passed = (await cache.get_or_read(ADA, START_OF_ALL, min_standing=at(3))).batch(PHONE)

    assert (batch, passed) == ([b"1!", b"2!"], 2)
