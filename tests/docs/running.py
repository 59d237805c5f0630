"""Commands of a shell as processes of their own. What is started here is ended with all that it started."""

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, Self

from tests.support.processes import TIMEOUT

BASH: Final = ("bash", "-euo", "pipefail", "-c")


class NotAsWritten(AssertionError):
    """What happens is not what the document says; the message is what happened."""


class Running:
    """A script and what it says, on both of its outputs. It leads a group of processes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._said = ""

    @classmethod
    async def start(cls, script: str, environment: Mapping[str, str]) -> Self:
        return cls(
            await asyncio.create_subprocess_exec(
                *(*BASH, script),
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        )

    async def until(self, words: str) -> str:
        """Wait for a line with these words in it, and return it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(TIMEOUT):
                while line := await self._line():
                    if words in line:
                        return line
        raise NotAsWritten(f"it did not say {words!r}, but:\n{self._said}")

    async def done(self, timeout: float) -> str:
        """Wait until it ends by itself, successfully, and return what it said."""
        status = await self._ended(timeout)
        if status:
            raise NotAsWritten(f"it ended with status {status}, and said:\n{self._said}")
        return self._said

    async def interrupted(self) -> str:
        """End it as Ctrl-C does, and return what it said."""
        os.killpg(self._process.pid, signal.SIGINT)
        await self._ended(TIMEOUT)
        return self._said

    async def end(self) -> None:
        """Ask all its processes to end, and wait for that; what does not listen is killed."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with suppress(TimeoutError):
                async with asyncio.timeout(TIMEOUT):
                    await self._process.communicate()
                    return

    async def _ended(self, timeout: float) -> int:
        try:
            async with asyncio.timeout(timeout):
                while await self._line():
                    pass
                return await self._process.wait()
        except TimeoutError:
            raise NotAsWritten(f"it did not end, and said:\n{self._said}") from None

    async def _line(self) -> str:
        assert self._process.stdout is not None
        line = (await self._process.stdout.readline()).decode()
        self._said += line
        return line
