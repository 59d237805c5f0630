"""Access tokens that a shell command prints. Never shows one."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Awaitable, Callable

from unisono.client.cli.printable import one_line


class TokenCommandError(Exception):
    """The command gave no token; says what it said instead."""


def printed_by(command: str) -> Callable[[], Awaitable[str]]:
    """A provider of tokens. The keyboard stays ours: the command gets no input."""

    async def provide() -> str:
        process = await asyncio.create_subprocess_shell(command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
        out, err = await process.communicate()
        token = out.decode(errors="replace").strip()
        if process.returncode or not token or not (token.isascii() and token.isprintable()):
            raise TokenCommandError(_what_happened(process.returncode, err))
        return token

    return provide


def _what_happened(status: int | None, err: bytes) -> str:
    said = one_line(err.decode(errors="replace"))
    problem = f"ended with status {status}" if status else "printed no token"
    return f"the token command {problem}" + (f": {said}" if said else "")
