"""Runs small programs that use the SDK, each in a process of its own."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from tests.support.processes import TIMEOUT

#: What asyncio says where gRPC wakes a loop that was closed in that moment, in a process with several loops:
#: it harms nothing, and nothing of ours can keep it from happening.
_LATE_WAKE: Final = re.compile(
    r"Exception in callback PollerCompletionQueue\._handle_events.*?RuntimeError: Event loop is closed\n",
    re.DOTALL,
)

NOTHING: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Ended:
    """The exit status of a program, and its output, but for what gRPC makes asyncio say (`_LATE_WAKE`)."""

    status: int
    stdout: str
    stderr: str


class Program:
    """A running program. `arguments` are its `sys.argv[1:]`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, text: str, *arguments: str, env: Mapping[str, str] = NOTHING) -> Self:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **env}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            text,
            *arguments,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        return cls(process)

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def line(self) -> str:
        """Return the next line that the program prints; fails when it ends before."""
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), TIMEOUT)
        assert line, (await self.ended()).stderr
        return line.decode().rstrip("\n")

    async def ended(self) -> Ended:
        """Wait for the end of the program, and kill it after `TIMEOUT` seconds."""
        try:
            said, complained = await asyncio.wait_for(self._process.communicate(), TIMEOUT)
        finally:
            if self._process.returncode is None:
                self._process.kill()
        assert self._process.returncode is not None
        return Ended(self._process.returncode, said.decode(), _LATE_WAKE.sub("", complained.decode()))


async def run(text: str, *arguments: str) -> Ended:
    """Run a program to its end, and return how it ended."""
    return await (await Program.start(text, *arguments)).ended()
