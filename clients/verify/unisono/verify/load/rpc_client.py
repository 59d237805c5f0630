"""Calls that the SDK has no words for, with the token of one principal. Knows none of them."""

import asyncio
import inspect
from typing import Final, TypeVar

from google.protobuf.message import Message

from unisono.client import Method, Transport, Unauthenticated, Unavailable
from unisono.verify.load.access import Token

#: How long a call may take, in seconds, how often it is repeated, and how long to wait before, in seconds.
TIMEOUT: Final = 10.0
ATTEMPTS: Final = 4
PAUSE: Final = 0.5

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


class RpcClient:
    """Asks for another token when the one in use is refused."""

    def __init__(self, transport: Transport, token: Token) -> None:
        self._transport = transport
        self._source = token
        self._token = ""

    async def call(self, method: Method[Request, Response], request: Request) -> Response:
        """Call, and repeat what may pass. Raises a `UnisonoError`, and what the source of tokens raises."""
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
    """A token of this source."""
    if isinstance(source, str):
        return source
    token = source()
    return await token if inspect.isawaitable(token) else token
