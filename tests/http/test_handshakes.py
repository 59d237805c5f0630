"""Handshakes of thousands who come at once leave others their turn."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import pytest_asyncio

from tests.http.listening import come_true
from unisono.server.api.http.tls.handshakes import AT_ONCE, Handshakes

MANY: Final = 20 * AT_ONCE


class Handshake:
    """Has a single step."""

    def __init__(self, handshakes: Handshakes) -> None:
        self.taken = self.told = False
        self._handshakes = handshakes

    def begin(self) -> None:
        self._handshakes.take(self, self._step, self._then)

    def leave(self) -> None:
        self._handshakes.leave(self)

    def _step(self) -> None:
        self.taken = True

    def _then(self, step: asyncio.Future[None]) -> None:
        self.told = True


@pytest_asyncio.fixture
async def handshakes() -> AsyncIterator[Handshakes]:
    handshakes = Handshakes(asyncio.get_running_loop(), MANY)
    yield handshakes
    handshakes.close()


async def test_few_end_in_one_turn_of_the_loop(handshakes: Handshakes) -> None:
    everybody = [Handshake(handshakes) for _ in range(MANY)]
    for one in everybody:
        handshakes.enter(one)
    told, most = 0, 0
    async with asyncio.timeout(60):
        while told < MANY:
            await asyncio.sleep(0)
            now = sum(one.told for one in everybody)
            told, most = now, max(most, now - told)
    assert most <= AT_ONCE


async def test_no_step_is_taken_for_who_has_left(handshakes: Handshakes) -> None:
    gone, last = [Handshake(handshakes) for _ in range(MANY - 1)], Handshake(handshakes)
    for one in (*gone, last):
        handshakes.enter(one)
    for one in gone:
        one.leave()
    await come_true(lambda: last.told)
    assert sum(one.taken for one in gone) <= AT_ONCE
    assert sum(one.told for one in gone) <= AT_ONCE
