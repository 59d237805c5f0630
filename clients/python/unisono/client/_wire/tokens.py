"""Access tokens: a fixed one, or those of the caller's provider. None is ever logged."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

from unisono.client._errors import Unauthenticated, Unavailable

TokenSource = str | Callable[[], str | Awaitable[str]]


class Tokens:
    """The token in use. A provider is called for the first one, and again when the server refuses it.

    Raises `TypeError` for a source that is neither text nor callable, and `Unauthenticated` for a fixed
    token with characters that no token has.
    """

    def __init__(self, source: TokenSource) -> None:
        if not isinstance(source, str) and not callable(source):
            raise TypeError(f"token: must be an access token, or a function that gives one; is {source!r}")
        self._source = source
        self._token = _usable(source) if isinstance(source, str) else ""
        self._fetching = asyncio.Lock()

    @property
    def renewable(self) -> bool:
        """Whether there may be another token: the source is a provider."""
        return not isinstance(self._source, str)

    async def get(self) -> str:
        """Return the token to use, calling the provider once for all who wait.

        Raises what the provider raises, `TypeError` where it returns no text, and `Unauthenticated` for
        text that no token is.
        """
        if self._token or isinstance(self._source, str):
            return self._token
        async with self._fetching:
            if not self._token:
                self._token = await _fetch(self._source)
            return self._token

    def invalidate(self, refused: str) -> None:
        """Do not use the refused token again, if there may be another."""
        if self._token == refused and self.renewable:
            self._token = ""

    async def renew(self, refused: str) -> str:
        """Return a token other than the refused one, if the provider has one. Raises as `get` does."""
        self.invalidate(refused)
        return await self.get()


def retry_provider_errors(source: TokenSource) -> TokenSource:
    """Return the source, with all errors of its provider turned into `Unavailable`: they may pass."""
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
    """Return the token without the white space around it, which files have. Raises `Unauthenticated`."""
    if not isinstance(token, str):
        raise TypeError(f"token: must be a str; is {token!r}")
    token = token.strip()
    if token.isascii() and token.isprintable():
        return token
    raise Unauthenticated("token: it has characters that no access token has", reason="TOKEN_INVALID")
