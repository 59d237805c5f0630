"""Thirty SDK devices, live traffic, and a server that is drained, killed and drained again under it."""

import asyncio
import signal
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from tests.support import tokens
from tests.support.fleet import TrackedDevice, fleet, user_ids, wait_converged
from tests.support.processes import ServerProcess, serving
from unisono.client import Device, Everything, Publisher, ReadState, SendResult, Status, UserActionState

USERS, DEVICES = 6, 5
FAULTS = (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM)
SENDS_BETWEEN_FAULTS = 30

#: How long a backend rests between two sends to a user, in seconds. Nothing is expected to happen meanwhile.
PACE = 0.1


class Traffic:
    """A backend that sends and rewrites, and devices on which people read and dismiss, until it is ended."""

    def __init__(self, publisher: Publisher, members: list[TrackedDevice]) -> None:
        self.answered: list[tuple[str, SendResult]] = []
        self._publisher = publisher
        self._members = members
        self._progress = asyncio.Event()
        self._going = True
        self._tasks = [asyncio.create_task(self._send(user_id)) for user_id in user_ids(USERS)]
        self._tasks += [asyncio.create_task(self._handle(member)) for member in members[::DEVICES]]

    async def more(self, sends: int) -> None:
        """Wait for so many more answers."""
        wanted = len(self.answered) + sends
        while len(self.answered) < wanted:
            self._progress.clear()
            await self._progress.wait()

    async def end(self) -> None:
        self._going = False
        await asyncio.gather(*self._tasks)

    async def _send(self, user_id: str) -> None:
        for number in count():
            if not self._going:
                return
            sent = await self._publisher.send(user_id, title=f"number {number}")
            self.answered.append((user_id, sent))
            if number % 5 == 4:
                await self._publisher.update(user_id, sent, title=f"number {number}, rewritten")
            self._progress.set()
            # At full speed, most of what the test does is to deliver while it waits for devices.
            await asyncio.sleep(PACE)

    async def _handle(self, member: TrackedDevice) -> None:
        """Every third is read on the first device of the user, every fourth is dismissed there."""
        for number in count(1):
            seen = len(self.answered)
            while self._going and len(self.answered) < seen + 30:
                await self._progress.wait()
                await asyncio.sleep(0.02)
            if not self._going:
                return
            rows = member.device.notifications
            await member.device.mark(rows[number % 3 :: 3] or Everything(), read_state=ReadState.READ)
            await member.device.mark(
                rows[number % 4 :: 4] or Everything(), user_action_state=UserActionState.DISMISSED
            )


async def test_each_ends_in_the_stores_state_and_has_rung_for_everything_once(tmp_path: Path) -> None:
    store = tmp_path / "unisono.db"
    with ExitStack() as servers:
        # Given thirty devices of six users, and live traffic
        server = await start(servers, store)
        address = server.address
        members = fleet(address, users=USERS, devices=DEVICES)
        await asyncio.gather(*(member.join() for member in members))
        await asyncio.gather(*(member.device.wait_for(is_live) for member in members))
        async with Publisher(address, tokens.publisher(), timeout=60) as publisher:
            traffic = Traffic(publisher, members)
            # When the server is ended in its midst, one way and the other, and comes back
            for faults, fault in enumerate(FAULTS, start=1):
                await traffic.more(SENDS_BETWEEN_FAULTS)
                server.signal(fault)
                await asyncio.to_thread(server.ended)
                server = await start(servers, store, "--listen", address)
                await asyncio.gather(*(member.came_back(faults) for member in members))
            await traffic.more(SENDS_BETWEEN_FAULTS)
            await traffic.end()

            # Then every device comes back by itself, and holds what the store holds
            await wait_converged(members, publisher)
            stored = {
                user_id: {row.id async for row in publisher.list(user_id, page_size=500)}
                for user_id in user_ids(USERS)
            }
        await asyncio.gather(*(member.leave() for member in members))

    # And what was answered OK is there, and no ring was lost and none repeated
    assert [sent.id for user_id, sent in traffic.answered if sent.id not in stored[user_id]] == []
    assert {member.device.error for member in members} == {None}
    assert [wrong for member in members for wrong in member.wrong_rings()] == []


def is_live(device: Device) -> bool:
    return device.status is Status.LIVE


async def start(servers: ExitStack, store: Path, *flags: str) -> ServerProcess:
    return await asyncio.to_thread(servers.enter_context, serving(store, *flags))
