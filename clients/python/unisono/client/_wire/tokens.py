"""Access tokens: a fixed one, or whatever the caller's provider gives. Never logs one."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

from unisono.client._errors import Unauthenticated, Unavailable

TokenSource = str | Callable[[], str | Awaitable[str]]


class Tokens:
    """The token in use. A provider is asked for the first one, and again when the server refuses it."""

    def __init__(self, source: TokenSource) -> None:
        if not isinstance(source, str) and not callable(source):
            raise TypeError(f"token: must be an access token, or a function that gives one; is {source!r}")
        self._source = source
        self._token = _usable(source) if isinstance(source, str) else ""
        self._fetching = asyncio.Lock()

    @property
    def renewable(self) -> bool:
        """Whether there can be another one."""
        return not isinstance(self._source, str)

    async def get(self) -> str:
        """The token to use; asked for once for all who wait. Raises what the provider raises."""
        if self._token or isinstance(self._source, str):
            return self._token
        async with self._fetching:
            if not self._token:
                self._token = await _fetch(self._source)
            return self._token

    def invalidate(self, refused: str) -> None:
        """Do not use the refused one again, if there can be another."""
        if self._token == refused and self.renewable:
            self._token = ""

    async def renew(self, refused: str) -> str:
        """A token other than the refused one, if the provider has one. Raises what the provider raises."""
        self.invalidate(refused)
        return await self.get()


def retry_provider_errors(source: TokenSource) -> TokenSource:
    """The same source for one who waits: what its provider raises may pass, so it is `Unavailable`."""
    if not callable(source):
        return source
    provider = source

    async def ask() -> str:
        try:
            return await _fetch(provider)
        except Exception as error:
            raise Unavailable(f"the provider of tokens failed: {error!r}") from error

    return ask


async def _fetch(provider: Callable[[], str | Awaitable[str]]) -> str:
    given = provider()
    return _usable(await given if inspect.isawaitable(given) else given)


def _usable(token: object) -> str:
    """The token without the white space around it, which files have. Raises `Unauthenticated`."""
    if not isinstance(token, str):
        raise TypeError(f"token: must be a str; is {token!r}")
    token = token.strip()
    if token.isascii() and token.isprintable():
        return token
    raise Unauthenticated("token: it has characters that no access token has", reason="TOKEN_INVALID")
