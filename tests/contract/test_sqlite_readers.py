"""*Fair*: whoever waits for a connection to read on has it in turn, however many reads another one has."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from unisono.server.errors import Unavailable
from unisono.server.store.metrics import StoreMetrics
from unisono.server.store.sqlite.readers import Readers

ADA = ("mail.test", "ada")
BOB = ("mail.test", "bob")
OTHER_APP = ("chat.test", "ada")


class Reading:
    """One connection, and what was read on it; the first read lasts until it is let go."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._free = threading.Event()
        self._begun = threading.Event()
        self.done: list[str] = []

    async def hold(self) -> asyncio.Task[None]:
        def wait(connection: sqlite3.Connection) -> None:
            self._begun.set()
            self._free.wait()

        held = asyncio.create_task(self._readers.read(ADA, wait))
        await asyncio.to_thread(self._begun.wait)
        return held

    async def read(self, owner: tuple[str, str], name: str) -> asyncio.Task[None]:
        """A read that waits."""
        task = asyncio.create_task(self._readers.read(owner, lambda connection: self.done.append(name)))
        await asyncio.sleep(0)
        return task

    def let_go(self) -> None:
        self._free.set()


@pytest.fixture
def metrics() -> StoreMetrics:
    return StoreMetrics()


@pytest.fixture
async def readers(tmp_path: Path, metrics: StoreMetrics) -> AsyncIterator[Readers]:
    path = tmp_path / "store.db"
    sqlite3.connect(path).close()
    readers = Readers(path, 1, metrics, busy_timeout=1000)
    await readers.open()
    yield readers
    await readers.close()


@pytest.fixture
def reading(readers: Readers) -> Reading:
    return Reading(readers)


async def test_apps_have_turns_and_users_within_them(reading: Reading) -> None:
    held = await reading.hold()
    tasks = [await reading.read(ADA, f"ada {n}") for n in range(5)]
    tasks += [await reading.read(BOB, "bob"), await reading.read(OTHER_APP, "other app")]

    reading.let_go()
    await asyncio.gather(held, *tasks)

    assert reading.done == ["ada 0", "other app", "bob", "ada 1", "ada 2", "ada 3", "ada 4"]


async def test_reads_and_those_that_wait_are_counted(reading: Reading, metrics: StoreMetrics) -> None:
    def counts() -> list[int]:
        return [list(one.buckets)[-1][1] for one in (metrics.read_seconds, metrics.read_wait_seconds)]

    held = await reading.hold()
    waiting = [await reading.read(ADA, "one"), await reading.read(ADA, "two")]
    assert counts() == [0, 0]
    reading.let_go()
    await asyncio.gather(held, *waiting)

    assert counts() == [3, 2]


async def test_who_goes_away_gives_up_the_turn(reading: Reading) -> None:
    held = await reading.hold()
    impatient, patient = await reading.read(ADA, "impatient"), await reading.read(ADA, "patient")

    impatient.cancel()
    reading.let_go()
    await asyncio.gather(held, patient)

    assert reading.done == ["patient"]


async def test_who_goes_away_when_the_turn_has_come_passes_it_on(readers: Readers, reading: Reading) -> None:
    held = await reading.hold()
    impatient, patient = await reading.read(ADA, "impatient"), await reading.read(BOB, "patient")
    held.add_done_callback(lambda _: impatient.cancel())

    reading.let_go()
    await asyncio.gather(held, patient)

    assert "patient" in reading.done


async def test_closing_waits_for_those_who_wait(readers: Readers, reading: Reading) -> None:
    held = await reading.hold()
    tasks = [await reading.read(ADA, f"ada {n}") for n in range(3)]

    closing = asyncio.create_task(readers.close())
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await readers.read(BOB, lambda connection: None)
    reading.let_go()
    await asyncio.gather(held, *tasks, closing)

    assert reading.done == ["ada 0", "ada 1", "ada 2"]
