"""When a store is away, and when it is back: told once for each change."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from tests.support.clocks import FakeClock
from tests.support.ids import SequentialIds
from tests.support.memory_store import MemoryStore
from unisono.server.api.convert import encoding
from unisono.server.clock import SingleWaiterEvent
from unisono.server.core.store_watch import INTERVAL, PATIENCE, StoreWatch
from unisono.server.errors import OutcomeUnknown, Reason, Unavailable
from unisono.server.store.base import BatchRejected

BROKEN = Unavailable(Reason.STORE_UNAVAILABLE, "disk I/O error")


class FaultyStore(MemoryStore):
    """Fails as a test says. `checks` has how each look was made."""

    def __init__(self) -> None:
        super().__init__(ids=SequentialIds(), encode=encoding.encode_row)
        self.failed_calls = 0
        self.error: Exception | None = None
        self.answers = asyncio.Event()
        self.answers.set()
        self.checks: list[bool] = []

    @property
    def failures(self) -> int:
        return self.failed_calls

    async def check(self, *, write: bool) -> None:
        self.checks.append(write)
        await self.answers.wait()
        if write and self.error is not None:
            raise self.error

    def fail(self, error: Exception) -> None:
        """Fail a call, and all that follow."""
        self.error = error
        self.failed_calls += 1


class Watched:
    """A store that is watched by a clock that stands still. `told` has each change, as it was told."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.clock, self.store = FakeClock(), FaultyStore()
        self.told: list[bool] = []
        self.changed = asyncio.Event()
        self.watch = StoreWatch(self.store, self.clock, self._tell, patience=patience)

    @property
    def waits(self) -> SingleWaiterEvent:
        """What it waits for between two looks."""
        return self.watch._stopping  # noqa: SLF001

    async def look(self) -> None:
        """Let a look begin and end."""
        await self.clock.awaited(self.waits)
        self.clock.advance(INTERVAL)
        await asyncio.sleep(0)
        await self.clock.awaited(self.waits)

    def _tell(self, away: bool) -> None:
        self.told.append(away)
        self.changed.set()


@asynccontextmanager
async def watched(patience: float = PATIENCE) -> AsyncIterator[Watched]:
    one = Watched(patience)
    one.watch.start()
    try:
        yield one
    finally:
        await one.watch.close()


async def test_nothing_is_written_while_nothing_fails() -> None:
    async with watched() as given:
        for _ in range(3):
            await given.look()
    assert given.store.checks == [False] * 3
    assert given.told == []


@pytest.mark.parametrize("error", [BROKEN, OutcomeUnknown(), BatchRejected("a closed database")])
async def test_a_store_that_fails_is_away_until_it_works(error: Exception) -> None:
    async with watched() as given:
        given.store.fail(error)
        with capture_logs() as lines:
            await given.look()
            await given.look()
            assert given.told == [True]
            given.store.error = None
            await given.look()
            await given.look()
    assert given.told == [True, False]
    assert given.store.checks == [True, True, True, False]
    assert [(line["log_level"], line["event"]) for line in lines] == [
        ("error", "the store is away"),
        ("info", "the store is back"),
    ]


async def test_a_call_that_failed_alone_says_nothing() -> None:
    async with watched() as given:
        given.store.failed_calls += 1
        await given.look()
        await given.look()
    assert given.store.checks == [True, False]
    assert given.told == []


async def test_a_full_disk_is_not_away() -> None:
    """What is stored can be read, and streams go on: no other node could do more."""
    async with watched() as given:
        given.store.fail(Unavailable(Reason.STORE_FULL, "full"))
        await given.look()
        given.store.fail(BROKEN)
        await given.look()
        given.store.fail(Unavailable(Reason.STORE_FULL, "full"))
        await given.look()
    assert given.told == [True, False]


async def test_a_store_that_hangs_is_away_and_is_asked_no_second_time() -> None:
    async with watched(patience=0.001) as given:
        given.store.answers.clear()
        await given.clock.awaited(given.waits)
        given.clock.advance(INTERVAL)
        await given.changed.wait()
        given.clock.advance(10 * INTERVAL)
        assert (given.told, len(given.store.checks)) == ([True], 1)
        given.store.answers.set()
        await given.clock.awaited(given.waits)
        assert given.told == [True, False]


async def test_a_fault_of_its_own_ends_nothing() -> None:
    async with watched() as given:
        given.store.fail(ZeroDivisionError())
        with capture_logs() as lines:
            await given.look()
        given.store.fail(BROKEN)
        await given.look()
    assert [line["event"] for line in lines] == ["the store could not be looked at"]
    assert given.told == [True]
