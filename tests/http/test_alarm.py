"""The deadlines of a connection, by a clock that the test holds."""

import asyncio
from collections.abc import Callable
from contextlib import closing

import pytest
import uvloop

from tests.http.manual_clock import ManualClock
from unisono.server.api.http.alarm import Alarm, Due


class Noted:
    """An alarm, and what it called."""

    def __init__(self, clock: ManualClock) -> None:
        self.rung: list[tuple[Due, float]] = []
        self.alarm = Alarm(clock, self._note)  # type: ignore[arg-type]
        self._began = clock.time()

    def _note(self, due: Due, now: float) -> None:
        self.rung.append((due, now - self._began))


async def test_rings_for_each_deadline_in_its_time() -> None:
    clock = ManualClock()
    noted, now = Noted(clock), clock.time()
    noted.alarm.set(Due.AGE, now + 30)
    noted.alarm.set(Due.IDLE, now + 10)
    noted.alarm.set(Due.PONG, now + 20)
    clock.advance(100)
    assert noted.rung == [(Due.IDLE, 10), (Due.PONG, 20), (Due.AGE, 30)]


async def test_a_deadline_can_be_put_off_and_forgotten() -> None:
    clock = ManualClock()
    noted, now = Noted(clock), clock.time()
    noted.alarm.set(Due.AGE, now + 10)
    noted.alarm.set(Due.IDLE, now + 10)
    noted.alarm.set(Due.AGE, now + 50)
    noted.alarm.clear(Due.IDLE, Due.PONG)
    assert not noted.alarm.is_set(Due.IDLE)
    clock.advance(100)
    assert noted.rung == [(Due.AGE, 50)]


async def test_has_one_timer_whatever_is_due() -> None:
    clock = ManualClock()
    noted, now = Noted(clock), clock.time()
    for due in Due:
        noted.alarm.set(due, now + 100 - due)
    assert clock.timers == 1
    clock.advance(50)
    assert clock.timers == 1


async def test_what_is_due_at_once_may_change_what_else_is() -> None:
    clock = ManualClock()
    rung: list[Due] = []

    def close(due: Due, now: float) -> None:
        rung.append(due)
        alarm.close()
        alarm.set(Due.LINGER, now)

    alarm = Alarm(clock, close)  # type: ignore[arg-type]
    alarm.set(Due.AGE, clock.time() + 1)
    alarm.set(Due.IDLE, clock.time() + 1)
    clock.advance(100)
    assert rung == [Due.AGE]
    assert clock.timers == 0


@pytest.mark.parametrize("make", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_what_is_due_at_once_does_not_stand_in_the_way_of_what_is_due_later(
    make: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    """What uvloop calls at once has a handle that does not say when that is."""
    with closing(make()) as loop:
        rung: list[Due] = []
        alarm = Alarm(loop, lambda due, now: rung.append(due))
        alarm.set(Due.TURN, loop.time())
        alarm.set(Due.IDLE, loop.time() + 1000)
        while not rung:
            loop.run_until_complete(asyncio.sleep(0))
        alarm.close()
    assert rung == [Due.TURN]
