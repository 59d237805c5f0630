"""Someone who follows a document in a clone of the project: with a shell, and servers and devices beside it.

What a document says of addresses and absolute paths is exchanged for what is free here. Knows no document.
"""

import os
import re
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from tests.docs.machine import OUTSIDE, ROOT, clone, furnish
from tests.docs.running import Running
from tests.support.processes import TIMEOUT

LOOPBACK: Final = "127.0.0.1:50051"
EVERYWHERE: Final = "0.0.0.0:50051"

#: Variables of whoever runs the tests that a reader does not have.
FOREIGN: Final = ("UNISONO_", "MAKE", "MFLAGS")
#: The environment of the clone is that of the tests, so make need not look whether it is up to date.
MAKE: Final = 'make() { command make --assume-old=.venv/.run --assume-old=.venv/.dev "$@"; }'
#: An environment gets the pip of the tests: to unpack another takes longer than all else that a reader does.
VENV: Final = """
python3() {
    if [ "$1 $2" != "-m venv" ]; then command python3 "$@"; return; fi
    command python3 -m venv --without-pip "$3" &&
        printf '#!/bin/sh\\nexec python3 -m pip --python "${0%%/*}/python" "$@"\\n' >"$3/bin/pip" &&
        chmod +x "$3/bin/pip"
}
"""
PREPARE: Final = f"{MAKE}\n{VENV}"


class Reader:
    """Runs what a document says. `address` is that of the server last started; before, one with port 0."""

    def __init__(self, machine: Path) -> None:
        self.address = "127.0.0.1:0"
        self._machine = machine
        self._clone = clone(machine, self.here((ROOT / "Makefile").read_text()))
        self._shell = machine / "shell"
        self._shell.write_text(f"cd {shlex.quote(str(self._clone))}\n")
        self._started: list[Running] = []
        furnish(machine)

    def here(self, text: str) -> str:
        """What a text of the document means on this machine."""
        for folder in OUTSIDE:
            text = text.replace(folder, f"{self._machine}{folder}")
        return text.replace(EVERYWHERE, LOOPBACK).replace(LOOPBACK, self.address)

    def save(self, name: str, text: str) -> None:
        """Save a text of the document as a file in the clone."""
        (self._clone / name).write_text(self.here(text))

    async def run(self, command: str, timeout: float = TIMEOUT) -> str:
        """Run a command to its end, and return what it says. Variables and folder stay, as in a shell."""
        keep = f'{{ export -p; printf "cd %q\\n" "$PWD"; }} >{shlex.quote(str(self._shell))}'
        running = await self.start(f"{command}\n{keep}")
        return await running.done(timeout)

    async def start(self, command: str) -> Running:
        """Run a command in another terminal, where the variables of the shell are set, too."""
        script = f"source {shlex.quote(str(self._shell))}\n{PREPARE}\n{self.here(command)}"
        running = await Running.start(script, _environment())
        self._started.append(running)
        return running

    async def serve(self, command: str) -> Running:
        """Start a server, which says its address once it serves; from here on it is the document's server."""
        server = await self.start(command)
        serving = re.search(r"127\.0\.0\.1:\d+", await server.until("127.0.0.1:"))
        assert serving is not None
        self.address = serving[0]
        await self.run(f"export UNISONO_TARGET={self.address}")
        return server

    async def leave(self) -> None:
        """End whatever still runs, the last first."""
        while self._started:
            await self._started.pop().end()


@asynccontextmanager
async def reading(machine: Path) -> AsyncIterator[Reader]:
    """A reader, who leaves nothing running."""
    reader = Reader(machine)
    try:
        yield reader
    finally:
        await reader.leave()


def _environment() -> dict[str, str]:
    """That of the tests, with the clone's commands; prints are there at once, as on a terminal.

    What pip would compile beforehand is compiled when it is used: nearly nothing of it is.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**inherited, "PATH": path, "PYTHONUNBUFFERED": "1", "PIP_NO_COMPILE": "1"}
