"""Keys that are fetched: one fetch at a time, used while the issuer is down, and renewed when they change."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from tests.access.signing import ec_key
from tests.support.clocks import FakeClock
from unisono.server.keys import remote
from unisono.server.keys.base import Algorithm, FetchError, Key, KeysUnavailable, UnusableKeys
from unisono.server.keys.remote import HINT_INTERVAL, KID_ABSENT_FOR, KIDS_MAX, Freshness, RemoteKeys

FRESHNESS = Freshness(refresh=300, stale_max=3600)


class Published:
    """What an issuer publishes: keys with these ids, or an error."""

    def __init__(self) -> None:
        self.kids: Sequence[str] = ("one",)
        self.error: Exception | None = None
        self.fetches = 0
        self.at_once = 0
        self.closed = False
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()
        self.done = asyncio.Semaphore(0)

    async def __call__(self) -> Sequence[Key]:
        self.at_once += 1
        assert self.at_once == 1
        self.fetches += 1
        self.begun.set()
        try:
            await self.go.wait()
            if self.error is not None:
                raise self.error
            material = ec_key().public_key()
            return [Key(algorithm=Algorithm.ES256, material=material, kid=kid) for kid in self.kids]
        finally:
            self.at_once -= 1
            self.done.release()

    async def close(self) -> None:
        self.closed = True


class Running:
    """Keys that are fetched at the times of a held clock."""

    def __init__(self) -> None:
        self.published = Published()
        self.clock = FakeClock()
        self.keys = RemoteKeys("id.test", self.published, self.clock, FRESHNESS)

    async def fetched(self) -> None:
        """Wait until another fetch has ended, and the next is waited for."""
        await asyncio.wait_for(self.published.done.acquire(), 20)
        await self.resting()

    async def fetching(self, count: int) -> None:
        """Wait until this many fetches have begun."""
        while self.published.fetches < count:
            self.published.begun.clear()
            await asyncio.wait_for(self.published.begun.wait(), 20)

    async def resting(self) -> None:
        """Wait until the next fetch is waited for."""
        await asyncio.wait_for(self.clock.awaited(self.keys._wake), 20)  # noqa: SLF001

    @property
    def kids(self) -> list[str | None]:
        return [key.kid for key in self.keys.current()]

    def later(self, kid: str) -> float:
        """When to ask for a key again that is not there."""
        with pytest.raises(KeysUnavailable) as caught:
            self.keys.look_for(kid)
        return caught.value.retry_delay


@asynccontextmanager
async def running() -> AsyncIterator[Running]:
    r = Running()
    await r.keys.start()
    try:
        yield r
    finally:
        await r.keys.close()


async def test_keys_are_not_there_before_the_first_fetch() -> None:
    async with running() as r:
        with pytest.raises(KeysUnavailable) as caught:
            r.keys.current()
        assert caught.value.retry_delay == 1
        await r.fetched()
        assert r.kids == ["one"]


async def test_keys_are_fetched_again_and_again() -> None:
    async with running() as r:
        await r.fetched()
        generation = r.keys.generation
        r.published.kids = ("two",)
        r.clock.advance(FRESHNESS.refresh * 0.9 - 1)
        assert r.published.fetches == 1
        r.clock.advance(FRESHNESS.refresh * 0.2 + 1)
        await r.fetched()
        assert (r.kids, r.keys.generation) == (["two"], generation + 1)


async def test_the_same_keys_are_no_others() -> None:
    async with running() as r:
        await r.fetched()
        generation = r.keys.generation
        r.keys.reload()
        await r.fetched()
        assert r.keys.generation == generation


@pytest.mark.parametrize("error", [FetchError("down"), UnusableKeys("empty"), RuntimeError("a fault")])
async def test_keys_are_used_while_they_cannot_be_fetched_up_to_a_time(error: Exception) -> None:
    async with running() as r:
        await r.fetched()
        r.published.error = error
        r.clock.advance(FRESHNESS.stale_max)
        await r.fetched()
        assert r.kids == ["one"]
        r.clock.advance(0.001)
        with pytest.raises(KeysUnavailable):
            r.keys.current()
        r.published.error = None
        r.clock.advance(60)
        await r.fetched()
        assert r.kids == ["one"]


async def test_a_failure_is_followed_by_tries_ever_farther_apart() -> None:
    async with running() as r:
        r.published.error = FetchError("down")
        await r.fetched()
        for wait in (1, 2, 4, 8, 16, 32, 60, 60):
            r.clock.advance(wait - 0.001)
            before = r.published.fetches
            r.clock.advance(0.001)
            await r.fetched()
            assert r.published.fetches == before + 1


async def test_an_unknown_key_is_looked_for_and_found() -> None:
    async with running() as r:
        await r.fetched()
        r.published.kids = ("one", "two")
        assert r.later("two") == HINT_INTERVAL + remote.FIRST_RETRY
        r.clock.advance(HINT_INTERVAL)
        await r.fetched()
        assert r.kids == ["one", "two"]


async def test_an_unknown_key_long_after_the_last_fetch_is_looked_for_at_once() -> None:
    async with running() as r:
        await r.fetched()
        r.clock.advance(HINT_INTERVAL)
        assert r.later("two") == remote.FIRST_RETRY
        await r.fetched()
        assert r.published.fetches == 2


async def test_a_key_that_is_nowhere_is_known_not_to_be_there() -> None:
    async with running() as r:
        await r.fetched()
        r.clock.advance(HINT_INTERVAL)
        r.later("nowhere")
        await r.fetched()
        r.keys.look_for("nowhere")
        r.clock.advance(KID_ABSENT_FOR)
        r.later("nowhere")


async def test_a_key_that_was_taken_back_is_known_not_to_be_there() -> None:
    async with running() as r:
        await r.fetched()
        r.published.kids = ("two",)
        r.keys.reload()
        await r.fetched()
        r.keys.look_for("one")
        assert r.published.fetches == 2


async def test_unknown_keys_cause_a_fetch_each_thirty_seconds_at_most() -> None:
    async with running() as r:
        await r.fetched()
        for round_ in range(3):
            for number in range(50):
                r.later(f"{round_}-{number}")
            r.clock.advance(HINT_INTERVAL - 1)
            assert r.published.fetches == 1 + round_
            r.clock.advance(1)
            await r.fetched()


async def test_what_is_remembered_of_unknown_keys_is_bounded() -> None:
    async with running() as r:
        await r.fetched()
        for round_ in range(3):
            for number in range(KIDS_MAX):
                r.later(f"{round_}-{number}")
            r.keys.look_for("one too many")
            r.clock.advance(HINT_INTERVAL)
            await r.fetched()
        r.keys.look_for("2-0")
        r.later("0-0")


async def test_nobody_waits_for_a_fetch_and_there_is_one_at_a_time() -> None:
    async with running() as r:
        await r.fetched()
        r.published.go.clear()
        r.keys.reload()
        await r.fetching(2)
        r.later("two")
        r.keys.reload()
        assert r.kids == ["one"]
        assert r.published.fetches == 2
        r.published.go.set()
        await asyncio.wait_for(r.published.done.acquire(), 20)
        await r.fetched()
        assert r.published.fetches == 3


async def test_whoever_comes_during_a_fetch_comes_again_right_after_it() -> None:
    """As many devices do that have tokens of a new key: the first of them causes a fetch."""
    async with running() as r:
        await r.fetched()
        r.clock.advance(HINT_INTERVAL)
        r.published.kids = ("one", "new")
        r.published.go.clear()
        assert r.later("new") == remote.FIRST_RETRY
        await r.fetching(2)
        assert r.later("new") == remote.FIRST_RETRY
        r.published.go.set()
        await r.fetched()
        assert r.kids == ["one", "new"]
        r.clock.advance(HINT_INTERVAL)
        await r.resting()
        assert r.published.fetches == 2


async def test_a_token_that_came_during_a_fetch_is_not_judged_by_it() -> None:
    """What the issuer answered may be older than its new key."""
    async with running() as r:
        await r.fetched()
        r.clock.advance(HINT_INTERVAL)
        r.published.go.clear()
        r.keys.reload()
        await r.fetching(2)
        r.later("new")
        r.published.go.set()
        await r.fetched()
        assert r.later("new") > remote.FIRST_RETRY


async def test_closing_ends_a_fetch() -> None:
    async with running() as r:
        r.published.go.clear()
        await r.fetching(1)
    assert r.published.closed
    assert r.published.at_once == 0
