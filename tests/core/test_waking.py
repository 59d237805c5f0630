"""*Fair*: however many streams a commit is told to, a round of the event loop wakes a few."""

import asyncio

from unisono.server.clock import SingleWaiterEvent
from unisono.server.core.waking import ROUND, Waking

ADA = ("mail.test", "ada")
BOB = ("mail.test", "bob")
OTHER_APP = ("chat.test", "ada")


async def rounds(wakes: list[SingleWaiterEvent]) -> list[int]:
    """How many are newly awake in each round, until all are."""
    found: list[int] = []
    awake = 0
    while awake < len(wakes):
        now = sum(wake.is_set() for wake in wakes)
        found.append(now - awake)
        awake = now
        await asyncio.sleep(0)
    return found


def woken(waking: Waking, owner: tuple[str, str], count: int) -> list[SingleWaiterEvent]:
    wakes = [SingleWaiterEvent() for _ in range(count)]
    for wake in wakes:
        waking.wake(owner, wake)
    return wakes


async def test_a_few_are_woken_at_once() -> None:
    assert all(wake.is_set() for wake in woken(Waking(), ADA, ROUND))


async def test_many_are_woken_round_by_round() -> None:
    assert await rounds(woken(Waking(), ADA, 3 * ROUND + 5)) == [ROUND, ROUND, ROUND, 5]


async def test_each_round_has_room_for_as_many_again() -> None:
    waking = Waking()
    woken(waking, ADA, ROUND)
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert all(wake.is_set() for wake in woken(waking, ADA, ROUND))


async def test_others_do_not_wait_for_all_of_one() -> None:
    waking = Waking()
    woken(waking, ADA, 10 * ROUND)
    others = [*woken(waking, BOB, 1), *woken(waking, OTHER_APP, 1)]

    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert all(wake.is_set() for wake in others)


async def test_who_is_to_be_woken_already_does_not_wait_twice() -> None:
    waking = Waking()
    woken(waking, ADA, ROUND)
    (late,) = woken(waking, ADA, 1)
    for _ in range(10 * ROUND):
        waking.wake(ADA, late)
    (later,) = woken(waking, ADA, 1)

    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert later.is_set()
