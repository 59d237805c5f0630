"""A real server in a process of its own, on a temporary file, for the time of the demo."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

COMMAND = (sys.executable, "-m", "unisono.server")


class ServerFailedError(Exception):
    """The server did not start, or made no token; the message has what it logged."""


@asynccontextmanager
async def serving(store: str) -> AsyncIterator[str]:
    """Start `unisono-server serve --dev` on a free port of this machine, yield its address, and stop it.

    Raises `ServerFailedError`.
    """
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        "serve",
        *("--dev", "--listen", "127.0.0.1:0", "--store", store, "--log-format", "json"),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield await _address(process)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def mint(store: str, *user: str) -> str:
    """Return a token of the development key, of the app `demo`, or with `--user` and a name of its user.

    Raises `ServerFailedError`.
    """
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "token", "--app", "demo", *user, "--store", store),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise ServerFailedError("no token could be made")
    return out.decode().strip()


async def _address(process: asyncio.subprocess.Process) -> str:
    """Return the address that the server logs once it serves."""
    said: list[str] = []
    if process.stderr is not None:
        async for line in process.stderr:
            said.append(line.decode())
            if '"event": "serving"' in said[-1]:
                return str(json.loads(said[-1])["address"])
    raise ServerFailedError("".join(said) or "the server said nothing")
