"""Access tokens: the one that was given, or those of a shell command or a login. No message shows one."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Awaitable, Callable

from unisono.client._wire.tokens import TokenSource
from unisono.client.cli.formatting.texts import one_line
from unisono.client.cli.login.login_tokens import LoginTokens
from unisono.client.cli.service.access import Access


class TokenCommandError(Exception):
    """The token command printed no token; the message has its exit status and what it wrote to stderr."""


def token_source(access: Access) -> TokenSource:
    """Return the token for the SDK: the one that was given, or a provider of those of a command or a login.

    The provider raises `TokenCommandError` or `LoginError`.
    """
    if access.by_login:
        return LoginTokens(access.target, access.timeout)
    return _printed_by(access.token_command) if access.token_command else access.token


def _printed_by(command: str) -> Callable[[], Awaitable[str]]:
    """Return a provider that runs the command, without input: the keyboard is the inbox's."""

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
