"""Access tokens: the one that was given, or those that a shell command prints. Never shows one."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Awaitable, Callable

from unisono.client._wire.tokens import TokenSource
from unisono.client.cli.formatting.texts import one_line
from unisono.client.cli.service.access import Access


class TokenCommandError(Exception):
    """The command gave no token; says what it said instead."""


def token_source(access: Access) -> TokenSource:
    """What the SDK asks for tokens."""
    return _printed_by(access.token_command) if access.token_command else access.token


def _printed_by(command: str) -> Callable[[], Awaitable[str]]:
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
