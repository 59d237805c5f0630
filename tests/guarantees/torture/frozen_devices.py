"""Devices in a process of their own, which a trial stops, lets go on, and starts anew."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.guarantees.patches import ROOT
from tests.guarantees.torture.device_process import APP, PLATFORM
from tests.support.processes import TIMEOUT, Environment
from unisono.client import Notification, Publisher
from unisono.verify.history import Principal, Stall
from unisono.verify.history_file import load
from unisono.verify.recording import Recorder


class FrozenDevices:
    """The process as its trial sees it; `name` is the endpoint id of its devices, one of each user."""

    def __init__(
        self,
        name: str,
        users: Sequence[str],
        address: str,
        recorder: Recorder,
        folder: Path,
        env: Environment,
    ) -> None:
        self._name = name
        self._users = users
        self._address = address
        self._recorder = recorder
        self._file = folder / f"{name}.history"
        self._env = env
        self._process: Process

    async def start(self) -> None:
        """Start the process, and wait until its devices are live."""
        module = "tests.guarantees.torture.device_process"
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, str(self._file), self._address, self._name, *self._users),
            stdin=PIPE,
            stdout=PIPE,
            cwd=ROOT,
            env={**os.environ, **self._env},
        )
        await self.held()

    async def end(self) -> None:
        """Let the process close its devices and end, and take over what it recorded."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._process.wait()
        finally:
            if self._process.returncode is None:
                self._process.kill()
        found, history = load(self._file.read_text().splitlines()).history, self._recorder.history
        history.calls += found.calls
        history.streams += found.streams
        history.rings += found.rings

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
    """Run the devices inside the context."""
    devices = FrozenDevices(name, users, address, recorder, folder, env)
    await devices.start()
    try:
        yield devices
    finally:
        await devices.end()
