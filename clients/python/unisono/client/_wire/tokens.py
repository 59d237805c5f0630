"""Access tokens: a fixed one, or those of the caller's provider. None is ever logged."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

from unisono.client._errors import Unauthenticated, Unavailable
from unisono.client._wire.threads import call_on_thread
from unisono.client._wire.transport import closed

Provider = Callable[[], str | Awaitable[str]]
TokenSource = str | Provider


class ProviderFailed(Unavailable):
    """The function that gives tokens raised an error, which is the `__cause__`: it may pass."""


class Tokens:
    """The token in use. A provider is called for the first one, and again when the server refuses it.

    At most one call of it is under way, which goes on when those who wait for it give up: the next has its
    token. Raises `TypeError` for a source that is neither text nor callable, and `Unauthenticated` for a
    fixed token with characters that no token has.
    """

    def __init__(self, source: TokenSource) -> None:
        if not isinstance(source, str) and not callable(source):
            raise TypeError(
                f"token: must be an access token, or a function that gives one; is {_type_of(source)}"
            )
        self._source = source
        self._token = _usable(source) if isinstance(source, str) else ""
        self._fetching: asyncio.Task[str] | None = None

    @property
    def renewable(self) -> bool:
        """Whether there may be another token: the source is a provider."""
        return not isinstance(self._source, str)

    async def get(self) -> str:
        """Return the token to use, calling the provider once for all who wait.

        Raises what the provider raises, `TypeError` where it returns no text, `Unauthenticated` for text
        that no token is, and `UnisonoError` (CANCELLED) when `close` ends the call.
        """
        if self._token or isinstance(self._source, str):
            return self._token
        fetching = self._fetching
        # One that another event loop left behind never ends.
        if fetching is None or fetching.get_loop() is not asyncio.get_running_loop():
            fetching = self._fetching = asyncio.create_task(self._fetch(self._source))
            fetching.add_done_callback(self._fetched)
        await asyncio.wait([fetching])
        if fetching.cancelled():
            raise closed()
        return fetching.result()

    def close(self) -> None:
        """End the call of the provider that is under way; one on a thread ends unheard."""
        if self._fetching is not None:
            self._fetching.cancel()

    def invalidate(self, refused: str) -> None:
        """Do not use the refused token again, if there may be another."""
        if self._token == refused and self.renewable:
            self._token = ""

    async def renew(self, refused: str) -> str:
        """Return a token other than the refused one, if the provider has one. Raises as `get` does."""
        self.invalidate(refused)
        return await self.get()

    async def _fetch(self, provider: Provider) -> str:
        self._token = await _fetch(provider)
        return self._token

    def _fetched(self, fetching: asyncio.Task[str]) -> None:
        if self._fetching is fetching:
            self._fetching = None
        if not fetching.cancelled():
            fetching.exception()  # seen, also where nobody waits any more


def retry_provider_errors(source: TokenSource | None) -> TokenSource | None:
    """Return the source, with all errors of its provider turned into `Unavailable`: they may pass."""
    if not callable(source):
        return source
    provider = source

    async def ask() -> str:
        try:
            return await _fetch(provider)
        except Exception as error:
            raise ProviderFailed(f"the provider of tokens failed: {error!r}") from error

    return ask


async def _fetch(provider: Provider) -> str:
    """Call a provider: an `async def` here, any other on a thread, where it may block.

    What a function on a thread returns may be awaitable, and is awaited here.
    """
    given = provider() if _is_async(provider) else await call_on_thread(provider, "unisono-token")
    return _usable(await given if inspect.isawaitable(given) else given)


def _is_async(provider: Provider) -> bool:
    return inspect.iscoroutinefunction(provider) or inspect.iscoroutinefunction(type(provider).__call__)


def _usable(token: object) -> str:
    """Return the token without the white space around it, which files have. Raises `Unauthenticated`."""
    if not isinstance(token, str):
        raise TypeError(f"token: must be a str; is {_type_of(token)}")
    token = token.strip()
    if token.isascii() and token.isprintable():
        return token
    raise Unauthenticated("token: it has characters that no access token has", reason="TOKEN_INVALID")


def _type_of(token: object) -> str:
    """Return what a token is instead of a text. What was meant as one is in no message."""
    return "None" if token is None else f"a {type(token).__name__}"
