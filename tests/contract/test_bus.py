"""What a bus promises: hints reach every listener unaltered or not at all, and nobody waits or fails."""

import asyncio

import pytest

from tests.support.builders import ALICE, BOB, a_notification
from tests.support.processes import TIMEOUT
from unisono.server.bus.base import Bus, Hint
from unisono.server.model import Change, ChangeType, Feed

FEED = Feed(key=ALICE, epoch=b"epoch 01", revision=2, live=1, unread=1)
CHANGES = (
    Change(type=ChangeType.CREATED, notification=a_notification("n1", 1)),
    Change(type=ChangeType.CREATED, notification=a_notification("n2", 2), origin="phone"),
)
HINTS = {
    "changes": Hint(key=ALICE, feed=FEED, changes=CHANGES),
    "bare": Hint(key=ALICE),
    "session": Hint(key=BOB, endpoint_id="phone 🦉", session_id="session"),
    "deletion": Hint(key=ALICE, endpoint_id="phone"),
}


class Listening:
    """A listener that keeps what it hears."""

    def __init__(self, bus: Bus) -> None:
        self._heard: asyncio.Queue[Hint] = asyncio.Queue()
        bus.listen(self._heard.put_nowait)

    async def next(self) -> Hint:
        async with asyncio.timeout(TIMEOUT):
            return await self._heard.get()

    @property
    def silent(self) -> bool:
        return self._heard.empty()


@pytest.mark.parametrize("hint", HINTS.values(), ids=HINTS)
async def test_a_hint_arrives_whole_or_without_its_changes(bus: Bus, hint: Hint) -> None:
    listening = Listening(bus)

    bus.publish(hint)

    heard = await listening.next()
    assert (heard.key, heard.endpoint_id, heard.session_id) == (hint.key, hint.endpoint_id, hint.session_id)
    assert (heard.feed, tuple(heard.changes)) in [(None, ()), (hint.feed, hint.changes)]


async def test_every_listener_hears_every_feed(bus: Bus) -> None:
    listeners = [Listening(bus), Listening(bus)]

    for hint in HINTS.values():
        bus.publish(hint)

    for listening in listeners:
        heard = [await listening.next() for _ in HINTS]
        assert sorted(hint.key for hint in heard) == sorted(hint.key for hint in HINTS.values())


async def test_publishing_neither_waits_nor_fails_when_nobody_listens(bus: Bus) -> None:
    for hint in HINTS.values():
        bus.publish(hint)


async def test_a_closed_bus_delivers_nothing_and_takes_what_is_published(bus: Bus) -> None:
    listening = Listening(bus)
    await bus.close()

    bus.publish(HINTS["bare"])
    await bus.close()

    assert listening.silent


async def test_a_listener_that_fails_reaches_neither_the_publisher_nor_the_others(bus: Bus) -> None:
    def fail(_: Hint) -> None:
        raise RuntimeError("a fault of the listener")

    bus.listen(fail)
    listening = Listening(bus)

    bus.publish(HINTS["bare"])

    assert (await listening.next()).key == ALICE
