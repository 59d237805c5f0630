"""A watchdog notices that its process stood still, by a clock that goes on meanwhile."""

import asyncio
import time
from datetime import timedelta

import pytest

from tests.sdk.stopped_clock import StoppedClock
from tests.support.processes import TIMEOUT
from unisono.client import Timing, Unavailable
from unisono.client._device import boot_clock
from unisono.client._device.boot_clock import boot_time
from unisono.client._device.watchdog import Stalled, Watchdog


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def watchdog(clock: StoppedClock) -> Watchdog:
    return Watchdog(0.05, clock)


async def test_looks_that_follow_on_each_other_are_no_stall(clock: StoppedClock, watchdog: Watchdog) -> None:
    async with watchdog.watching():
        for _ in range(100):
            clock.now += 0.05
            watchdog.check()
    assert watchdog.stalls == 0


async def test_a_stall_is_noticed_by_the_next_look(clock: StoppedClock, watchdog: Watchdog) -> None:
    async with watchdog.watching():
        clock.now += 33
        with pytest.raises(Stalled, match="stood still for 33 s"):
            watchdog.check()
        with pytest.raises(Stalled):
            watchdog.check()
    async with watchdog.watching():
        watchdog.check()
    assert watchdog.stalls == 1


async def test_it_ends_what_waits(clock: StoppedClock, watchdog: Watchdog) -> None:
    """Nobody looks but the watchdog itself."""

    async def waits() -> None:
        async with watchdog.watching():
            await asyncio.sleep(0)
            clock.now += 33
            await asyncio.Event().wait()

    async with asyncio.timeout(TIMEOUT):
        with pytest.raises(Unavailable, match="stood still for 33 s"):
            await waits()


async def test_a_timeout_of_its_own_is_not_taken_for_a_stall(watchdog: Watchdog) -> None:
    with pytest.raises(TimeoutError):
        async with watchdog.watching():
            raise TimeoutError


async def test_a_wait_ends_early_where_there_was_one(clock: StoppedClock, watchdog: Watchdog) -> None:
    async with asyncio.timeout(TIMEOUT):
        waiting = asyncio.create_task(watchdog.sleep(10 * TIMEOUT))
        await asyncio.sleep(0)
        clock.now += 33
        assert await waiting
        assert not await watchdog.sleep(0.001)


def test_the_clock_of_linux_counts_the_sleep_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """And another system has at least one that nobody sets."""
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= boot_time() <= time.clock_gettime(time.CLOCK_BOOTTIME)

    monkeypatch.setattr(boot_clock, "_CLOCK", None)
    before = time.monotonic()
    assert before <= boot_time() <= time.monotonic()


@pytest.mark.parametrize("nothing", [0, -1.0, timedelta()])
def test_a_process_may_always_take_some_time(nothing: float | timedelta) -> None:
    """Else it would never catch up."""
    with pytest.raises(ValueError, match="stall_timeout: must be more than 0 s"):
        Timing(stall_timeout=nothing)
