"""Starts an attack in a process of its own, so that it takes no time from the process that measures."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from tests.support.http2.stranger import Target
from tests.support.processes import TIMEOUT

ROOT: Final = Path(__file__).parents[3]


class Attack:
    """A running attack process, which has printed "ready". `counts` is what it counted, once it has ended."""

    def __init__(self, process: Process) -> None:
        self.counts: dict[str, float] = {}
        self._process = process

    async def begin(self) -> None:
        """Begin the attack, and wait until it is in place."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        await self.says("begun")

    async def over(self, *, timeout: float) -> None:
        """Wait until the server has ended the attack. Raises `TimeoutError` after `timeout` seconds."""
        await self.says("over", timeout=timeout)

    async def end(self) -> None:
        """Wait until the process has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        for line in (await self._process.stdout.read()).splitlines():
            if line.startswith(b"{"):
                self.counts = json.loads(line)
        await self._process.wait()

    async def says(self, what: str, *, timeout: float = TIMEOUT) -> None:
        """Assert that the next line is `what`. Raises `TimeoutError` when none comes in `timeout` seconds."""
        assert self._process.stdout is not None
        async with asyncio.timeout(timeout):
            line = await self._process.stdout.readline()
        assert line.decode().strip() == what, f"the attack said {line!r} where {what!r} was due"


@asynccontextmanager
async def attack(name: str, target: Target) -> AsyncIterator[Attack]:
    """Start the process of an attack in `tests.support.attacks.__main__`, which ends with the context."""
    command = (sys.executable, "-m", "tests.support.attacks", name, target.address, target.source)
    arguments = (*command, target.root) if target.root else command
    process = await asyncio.create_subprocess_exec(*arguments, stdin=PIPE, stdout=PIPE, cwd=ROOT)
    attacking = Attack(process)
    try:
        await attacking.says("ready")
        yield attacking
    finally:
        await attacking.end()
