"""OpenSSL's own client, which asks for what those of Python cannot: new keys, and to negotiate anew."""

import asyncio
import shutil
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.support.processes import TIMEOUT

_PROGRAM: Final = shutil.which("openssl")

NEGOTIATE: Final = "R"
NEW_KEYS: Final = "K"
"""Lines that it takes for commands: to negotiate anew, and to change the keys of both sides."""


class OpenSslClient:
    """A client whose handshake is over. `output` is what it has printed."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.output = ""

    def say(self, line: str) -> None:
        """Give it a line, to be sent or carried out."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    async def until(self, text: str, times: int = 1) -> None:
        """Wait until it has printed a text so often; it may end meanwhile."""
        assert self._process.stdout is not None
        async with asyncio.timeout(TIMEOUT):
            while self.output.count(text) < times:
                data = await self._process.stdout.read(65_536)
                assert data, f"it ended, and printed no {text!r}, but:\n{self.output}"
                self.output += data.decode(errors="replace")

    async def change_keys(self, times: int) -> None:
        """Ask for new keys so often, once the request before was sent."""
        before = self.output.count("KEYUPDATE")
        for number in range(1, times + 1):
            self.say(NEW_KEYS)
            await self.until("KEYUPDATE", before + number)


@asynccontextmanager
async def openssl_client(
    address: str, root: bytes, folder: Path, *options: str
) -> AsyncIterator[OpenSslClient]:
    """Connect one to HOST:PORT that trusts a root, and end it in the end; skips where there is no OpenSSL."""
    if _PROGRAM is None:
        pytest.skip("openssl is not installed")
    file = folder / "root.pem"
    file.write_bytes(root)
    process = await asyncio.create_subprocess_exec(
        *(_PROGRAM, "s_client", "-connect", address, "-CAfile", file, "-verify_return_error", "-crlf"),
        *options,
        stdin=PIPE,
        stdout=PIPE,
        stderr=STDOUT,
    )
    client = OpenSslClient(process)
    try:
        await client.until("Verify return code: 0 (ok)")
        yield client
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
