"""The handle of a busy client: a process that plays a scene when it is asked to."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Busy:
    """The process of a busy client."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def play(self) -> float:
        """Play the scene once, and return how many seconds that took."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        await self._process.stdin.drain()
        return float(await self.read_line())

    async def read_line(self) -> str:
        """Return the next line that the process prints. Raises `RuntimeError` when it ended without one."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("somebody busy could not go on; stderr says why")
        return line.decode().strip()


@asynccontextmanager
async def busy(address: str, scene: str, *, part: int) -> AsyncIterator[Busy]:
    """Start a busy client that is ready to play this scene at a server, with its steps divided by `part`."""
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
