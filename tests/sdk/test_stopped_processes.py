"""A process that is stopped and goes on, and one whose wall clock is set: what its device rings for."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.guarantees.torture.tools import FAKETIME, faketime, require
from tests.sdk.programs import NOTHING, Program
from tests.support import tokens
from tests.support.nodes import Running
from unisono.client import Everything, Publisher, ReadState, Timing

#: Says each ring, and the day, each revision at which the device is live, and each time that it goes offline.
LISTENING = """
import asyncio
import sys
import time
from unisono.client import Device, Platform, Status, Timing


def there(device):
    return device.revision if device.status is Status.LIVE else device.status.name


async def ring(events):
    async for event in events:
        if event.ring:
            print("ring", event.notification.title)
            print("day", int(time.time() / 86400))


async def main(target, token, stall_timeout):
    timing = Timing(stall_timeout=float(stall_timeout))
    device = Device(target, token, endpoint_id="laptop", platform=Platform.LINUX, timing=timing)
    ringing, said = asyncio.create_task(ring(device.events())), None
    async with device:
        while True:
            await device.wait_for(lambda device: there(device) != said)
            said = there(device)
            print(said)


asyncio.run(main(*sys.argv[1:]))
"""

#: How many are sent while it stands still.
MANY = 30


class Listening:
    """A process with a device of Ada's. `lines` are those that it has said."""

    def __init__(self, program: Program, backend: Publisher) -> None:
        self.program = program
        self.lines: list[str] = []
        self._backend = backend

    @property
    def rings(self) -> list[str]:
        return [line.removeprefix("ring ") for line in self.lines if line.startswith("ring ")]

    async def until(self, line: str) -> None:
        while line not in self.lines:
            self.lines.append(await self.program.line())

    async def rings_next(self, title: str) -> None:
        """Send one more, and wait until it rings: all that rang before has been said by then."""
        await self._backend.send("ada", title=title)
        await self.until(f"ring {title}")


@asynccontextmanager
async def listening(
    node: Running, backend: Publisher, stall_timeout: float, env: dict[str, str] | None = None
) -> AsyncIterator[Listening]:
    arguments = (node.target, tokens.device("ada"), str(stall_timeout))
    program = await Program.start(LISTENING, *arguments, env=env or NOTHING)
    try:
        found = Listening(program, backend)
        await found.until("0")
        yield found
    finally:
        with suppress(ProcessLookupError):
            program.signal(signal.SIGKILL)
            await program.ended()


#: In seconds; what a device allows by default takes long.
LIMIT = 0.4
LIMITS = [LIMIT, pytest.param(Timing().stall_timeout, marks=pytest.mark.thorough)]


@pytest.mark.parametrize("stall_timeout", LIMITS)
@pytest.mark.parametrize("read", [True, False], ids=["and are read", "and are not"])
async def test_many_come_while_it_stands_still(
    node: Running, backend: Publisher, stall_timeout: float, read: bool
) -> None:
    async with listening(node, backend, stall_timeout) as device:
        device.program.signal(signal.SIGSTOP)
        for number in range(MANY):
            await backend.send("ada", title=f"missed {number}")
        if read:
            await backend.mark("ada", Everything(), read_state=ReadState.READ)
        await asyncio.sleep(1.5 * stall_timeout)
        device.program.signal(signal.SIGCONT)
        await device.until(str((await backend.get_feed("ada")).last_revision))
        await device.rings_next("live")

    assert device.rings == [*([] if read else [f"missed {MANY - 1}"]), "live"]


async def test_another_takes_over_while_it_stands_still(node: Running, backend: Publisher) -> None:
    """The newest stream of an endpoint stays, also when the older process goes on."""
    async with listening(node, backend, LIMIT) as device:
        device.program.signal(signal.SIGSTOP)
        async with listening(node, backend, Timing().stall_timeout) as other:
            await other.rings_next("taken over")
            await asyncio.sleep(1.5 * LIMIT)
            device.program.signal(signal.SIGCONT)
            assert "Superseded" in (await device.program.ended()).stderr
            await other.rings_next("still there")
    assert device.rings == []


async def test_the_wall_clock_is_set(node: Running, backend: Publisher, tmp_path: Path) -> None:
    """By a day, forwards and backwards: nothing depends on it, and the stream goes on."""
    require([FAKETIME])
    ahead = tmp_path / "ahead"
    ahead.write_text("+0")
    env = {
        "LD_PRELOAD": str(faketime()),
        "FAKETIME_TIMESTAMP_FILE": str(ahead),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    async with listening(node, backend, Timing().stall_timeout, env) as device:
        titles = []
        for day in ("+86400", "-86400", "+0"):
            ahead.write_text(day)
            for number in range(3):
                titles.append(f"{day} {number}")
                await device.rings_next(titles[-1])

    assert device.rings == titles
    assert len({line for line in device.lines if line.startswith("day ")}) == 3
    assert device.lines.count("CATCHING_UP") == 1
