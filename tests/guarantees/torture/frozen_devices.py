"""A process with a recorded device of each user, and what the trial that stops it knows of it.

For each line that the process reads, it prints what its devices hold. At the end of its input it saves its
history to a file, and ends.
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from tests.guarantees.patches import ROOT
from tests.support import tokens
from tests.support.processes import TIMEOUT, Environment
from unisono.client import (
    Backoff,
    Device,
    Notification,
    Platform,
    Publisher,
    Status,
    Timing,
    create_transport,
)
from unisono.verify.history import History, Principal, Stall
from unisono.verify.history_file import Saved, load, save
from unisono.verify.recording import Recorder, steady_clock

APP: Final = tokens.APPS[0].app_id

PLATFORM: Final = Platform.LINUX

#: For how long a process may stand still before its devices resume, in seconds.
STALL_TIMEOUT: Final = 0.5
TIMING: Final = Timing(
    stall_timeout=STALL_TIMEOUT,
    backoff=Backoff(initial=0.05, maximum=0.5),
    open_timeout=5.0,
    acknowledge_interval=0.2,
    heartbeat_interval=5.0,
)


class FrozenDevices:
    """The process as its trial sees it; `name` is the endpoint id of its devices."""

    def __init__(self, name: str, users: Sequence[str], process: Process, recorder: Recorder) -> None:
        self._name = name
        self._users = users
        self._process = process
        self._recorder = recorder

    async def freeze(self, seconds: float) -> None:
        """Stop the process for so many seconds, and record that its devices stood still."""
        began = self._recorder.clock()
        self._process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        ended = self._recorder.clock()
        self._process.send_signal(signal.SIGCONT)
        for user_id in self._users:
            principal = Principal(app_id=APP, user_id=user_id)
            stall = Stall(principal=principal, endpoint_id=self._name, began=began, ended=ended)
            self._recorder.history.stalls.append(stall)

    async def agrees(self, backend: Publisher, timeout: float) -> None:
        """See `Settling`. What is listed may still change, by expiries and ends of snoozes."""
        async with asyncio.timeout(timeout):
            while await self.held() != {user: await self._listed(backend, user) for user in self._users}:
                await asyncio.sleep(0.1)

    async def held(self) -> Any:
        """Return ids and revisions of what the devices hold, by user, as the process shows it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        async with asyncio.timeout(TIMEOUT):
            return json.loads(await self._process.stdout.readline())

    async def _listed(self, backend: Publisher, user_id: str) -> list[list[Any]]:
        rows = [row async for row in backend.list(user_id, page_size=500)]
        return sorted([row.id, row.revision] for row in rows if self._is_for(row))

    def _is_for(self, row: Notification) -> bool:
        everyone = not (row.platforms or row.endpoint_ids)
        return everyone or PLATFORM in row.platforms or self._name in row.endpoint_ids


@asynccontextmanager
async def frozen_devices(
    name: str, users: Sequence[str], address: str, recorder: Recorder, folder: Path, env: Environment
) -> AsyncIterator[FrozenDevices]:
    """Run the process inside the context; in the end its history is part of the recorder's."""
    file = folder / f"{name}.history"
    command = (sys.executable, "-m", "tests.guarantees.torture.frozen_devices", str(file), address, name)
    process = await asyncio.create_subprocess_exec(
        *command, *users, stdin=PIPE, stdout=PIPE, cwd=ROOT, env={**os.environ, **env}
    )
    try:
        devices = FrozenDevices(name, users, process, recorder)
        await devices.held()
        yield devices
    finally:
        await _ended(process)
        if file.exists():
            history = load(file.read_text().splitlines()).history
            recorder.history.calls += history.calls
            recorder.history.streams += history.streams
            recorder.history.rings += history.rings


async def _ended(process: Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(TIMEOUT):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()


async def _main(address: str, name: str, *users: str) -> History:
    """Run the devices until the end of the input, and return what they recorded."""
    recorder = Recorder(steady_clock())
    async with AsyncExitStack() as open_:
        devices = {}
        for user_id in users:
            devices[user_id] = await open_.enter_async_context(_device(address, name, user_id, recorder))
        for device in devices.values():
            await device.wait_for(lambda device: device.status is Status.LIVE)
        async for _ in _lines():
            held = {user: _held(device) for user, device in devices.items()}
            sys.stdout.write(json.dumps(held) + "\n")
            sys.stdout.flush()
    return recorder.history


@asynccontextmanager
async def _device(address: str, name: str, user_id: str, recorder: Recorder) -> AsyncIterator[Device]:
    principal = Principal(app_id=APP, user_id=user_id)
    transport = create_transport(address)
    device = Device(
        recorder.client(transport, principal),
        tokens.device(user_id),
        endpoint_id=name,
        platform=PLATFORM,
        timing=TIMING,
    )
    listening = asyncio.create_task(recorder.listen(device, principal))
    async with device:
        yield device
    await listening
    await transport.close()


def _held(device: Device) -> list[list[Any]]:
    return sorted([row.id, row.revision] for row in device.notifications)


async def _lines() -> AsyncIterator[bytes]:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        yield line


if __name__ == "__main__":
    with Path(sys.argv[1]).open("w") as saved:
        save(Saved(history=asyncio.run(_main(*sys.argv[2:]))), saved)
