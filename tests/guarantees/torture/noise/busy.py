"""The handle of somebody busy: a process that plays a scene when it is told. Knows no scene."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Busy:
    """Whoever is busy beside those who are measured."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def play(self) -> float:
        """Play the scene once; returns how many seconds that took."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        await self._process.stdin.drain()
        return float(await self.read_line())

    async def read_line(self) -> str:
        """The next line that it says; raises RuntimeError where it ended without one."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("somebody busy could not go on; stderr says why")
        return line.decode().strip()


@asynccontextmanager
async def busy(address: str, scene: str, *, part: int) -> AsyncIterator[Busy]:
    """One that is ready to play this scene at a server, with one in so many of its steps."""
    command = (sys.executable, "-m", "tests.guarantees.torture.noise", address, scene, str(part))
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    handle = Busy(process)
    try:
        assert await handle.read_line() == "ready"
        yield handle
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
