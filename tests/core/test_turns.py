"""*Fair*: long work on the event loop goes on in slices, and leaves rounds of the loop to everybody else."""

import asyncio

import pytest

from tests.support.clocks import FakeClock
from unisono.server.core.turns import Turns

ADA = ("mail.test", "ada")
BOB = ("mail.test", "bob")
OTHER_APP = ("chat.test", "")


class Working:
    """Work that takes a millisecond for each item, and writes down whose it was, in which round."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.turns = Turns(self.clock, slice_=0.0025)
        self.round = 0
        self.done: list[tuple[int, str]] = []
        asyncio.get_running_loop().call_soon(self._count)

    def _count(self) -> None:
        self.round += 1
        asyncio.get_running_loop().call_soon(self._count)

    async def work(self, owner: tuple[str, str], name: str, items: int) -> list[str]:
        def one(item: int) -> str:
            self.clock.advance(0.001)
            self.done.append((self.round, name))
            return f"{name}{item}"

        return await self.turns.map(owner, one, range(items))

    @property
    def slices(self) -> list[str]:
        """Whose each slice was, and how many items it had."""
        found: list[list[tuple[int, str]]] = []
        for entry in self.done:
            if found and found[-1][-1] == entry:
                found[-1].append(entry)
            else:
                found.append([entry])
        return [f"{entries[0][1]}{len(entries)}" for entries in found]


async def test_it_does_all_in_order() -> None:
    working = Working()

    assert await working.work(ADA, "a", 10) == [f"a{n}" for n in range(10)]


async def test_no_slice_is_longer_than_it_may_be() -> None:
    working = Working()

    await working.work(ADA, "a", 10)

    assert working.slices == ["a3", "a3", "a3", "a1"]


async def test_no_round_of_the_loop_has_two_slices() -> None:
    working = Working()

    await asyncio.gather(*(working.work((f"{n}.test", ""), str(n), 9) for n in range(5)))

    rounds = [number for number, _ in working.done]
    assert max(rounds.count(number) for number in rounds) == 3


async def test_apps_have_turns_and_users_within_them() -> None:
    working = Working()

    await asyncio.gather(
        working.work(ADA, "a", 9),
        working.work(ADA, "A", 9),
        working.work(BOB, "b", 6),
        working.work(OTHER_APP, "c", 9),
    )

    assert working.slices[:6] == ["a3", "a3", "c3", "b3", "c3", "A3"]


async def test_what_is_little_is_done_at_once() -> None:
    working = Working()
    before = working.round

    await working.work(ADA, "a", 1)

    assert working.round == before


async def test_who_gives_up_holds_nobody_up() -> None:
    working = Working()
    first = asyncio.create_task(working.work(ADA, "a", 6))
    second = asyncio.create_task(working.work(BOB, "b", 6))
    third = asyncio.create_task(working.work(OTHER_APP, "c", 6))
    await asyncio.sleep(0)

    second.cancel()

    assert len(await first) == len(await third) == 6
    assert second.cancelled()


async def test_what_the_work_raises_reaches_its_caller_alone() -> None:
    working = Working()

    def fail(item: int) -> None:
        raise ValueError(f"item {item}")

    failing = working.turns.map(ADA, fail, range(3))
    with pytest.raises(ValueError, match="item 0"):
        await failing

    assert len(await working.work(ADA, "a", 6)) == 6
