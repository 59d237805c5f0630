"""Makes calls that the SDK has no methods for, with the token of one app or user."""

import asyncio
import inspect
from typing import Final, TypeVar

from google.protobuf.message import Message

from unisono.client import Method, Transport, Unauthenticated, Unavailable
from unisono.verify.load.access import Token

#: Timeout of one attempt of a call in seconds, attempts at most, and the least seconds between two.
TIMEOUT: Final = 10.0
ATTEMPTS: Final = 4
PAUSE: Final = 0.5

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


class RpcClient:
    """Calls any method with a token from one source, which is asked again when a token is refused.

    The transport stays the caller's to close.
    """

    def __init__(self, transport: Transport, token: Token) -> None:
        self._transport = transport
        self._source = token
        self._token = ""

    async def call(self, method: Method[Request, Response], request: Request) -> Response:
        """Make a call and return its answer.

        Makes up to 4 attempts: after `Unavailable` with a `retry_delay` of at most 10 s, and with a new token
        after `Unauthenticated`, unless the source is a fixed token. Raises the `UnisonoError` of the last
        attempt, and what the source raises.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._once(method, request)
            except Unauthenticated:
                if isinstance(self._source, str):
                    raise
                self._token = ""
            except Unavailable as error:
                delay = max(PAUSE, error.retry_delay or 0.0)
                if delay > TIMEOUT:
                    raise
                await asyncio.sleep(delay)
        return await self._once(method, request)

    async def _once(self, method: Method[Request, Response], request: Request) -> Response:
        self._token = self._token or await get_token(self._source)
        return await self._transport.unary(method, request, token=self._token, timeout=TIMEOUT)


async def get_token(source: Token) -> str:
    """Return a token of this source. Raises what its function raises."""
    if isinstance(source, str):
        return source
    token = source()
    return await token if inspect.isawaitable(token) else token
