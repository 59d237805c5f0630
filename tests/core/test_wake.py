"""Waiting for something, and only so long."""

import asyncio

import pytest

from unisono.server.clock import SingleWaiterEvent, SystemClock

LONG = 3600.0


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


async def test_what_is_set_already_is_not_waited_for(clock: SystemClock) -> None:
    wake = SingleWaiterEvent()
    wake.set()

    assert await clock.wait(wake, LONG)


@pytest.mark.parametrize("seconds", [0.01, 0, -1])
async def test_time_passes(clock: SystemClock, seconds: float) -> None:
    assert not await clock.wait(SingleWaiterEvent(), seconds)


async def test_who_waits_is_woken(clock: SystemClock) -> None:
    wake = SingleWaiterEvent()
    waiting = asyncio.create_task(clock.wait(wake, LONG))
    await asyncio.sleep(0)

    wake.set()
    wake.set()

    assert await waiting


async def test_it_can_be_cleared_and_waited_for_again(clock: SystemClock) -> None:
    wake = SingleWaiterEvent()
    wake.set()
    wake.clear()

    assert not await clock.wait(wake, 0)
    wake.set()
    assert await clock.wait(wake, LONG)


async def test_who_gives_up_leaves_nothing_behind(clock: SystemClock) -> None:
    wake = SingleWaiterEvent()
    waiting = asyncio.create_task(clock.wait(wake, LONG))
    await asyncio.sleep(0)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    wake.set()
    assert await clock.wait(wake, LONG)
