"""Makes unary calls: with a token, within a deadline, again where that may help."""

import asyncio
import time
from collections.abc import Awaitable
from typing import Any, TypeVar

from google.protobuf.message import Message

from unisono.client._errors import DeadlineExceeded, ServerTooOld, TlsFailed, Unauthenticated, UnisonoError
from unisono.client._wire.contract_levels import METHOD_LEVELS, OLDEST
from unisono.client._wire.methods import GET_SERVER_INFO, Method, Request, Response
from unisono.client._wire.outages import OutageLog
from unisono.client._wire.retry import Backoff, is_foreign, is_transient
from unisono.client._wire.server_level import ServerLevel
from unisono.client._wire.tokens import Tokens
from unisono.client._wire.transport import Transport
from unisono.v1.server_service_pb2 import GetServerInfoRequest

Value = TypeVar("Value")


class Deadline:
    """A moment of the monotonic clock, `timeout` seconds after this object is made."""

    def __init__(self, timeout: float) -> None:
        self._at = time.monotonic() + timeout

    @property
    def left(self) -> float:
        """The seconds that are left; 0 or less when it has passed."""
        return self._at - time.monotonic()


class RpcCaller:
    """Calls methods of the service for one principal."""

    def __init__(self, transport: Transport, tokens: Tokens, backoff: Backoff) -> None:
        self.transport = transport
        self.tokens = tokens
        self.backoff = backoff
        #: Outages that calls meet, and those that streams meet: the one may go well while the other does not.
        self.outages, self.stream_outages = OutageLog(transport), OutageLog(transport)
        #: What the server knows of the contract.
        self.server = ServerLevel()

    async def call(self, method: Method[Request, Response], request: Request, deadline: Deadline) -> Response:
        """Return the response of a call, which is repeated after what may pass while there is time.

        Raises the last `UnisonoError` before the deadline, which says more than `DeadlineExceeded`; that only
        where there was no other. Also raises what the provider of tokens raises.
        """
        failures = 0
        last_error: UnisonoError | None = None
        while True:
            try:
                return await self.attempt(method, request, deadline)
            except UnisonoError as error:
                # A time-out says less than what came before it; the one of a proxy comes early.
                if last_error is None or not isinstance(error, DeadlineExceeded):
                    last_error = error
                failures += 1
                delay = self.backoff.delay_after(error, failures)
                if not self.may_pass(method, error) or delay >= deadline.left:
                    raise last_error from None
            await asyncio.sleep(delay)

    def may_pass(self, method: Method[Any, Any], error: UnisonoError) -> bool:
        """Return whether a call of the method that failed may succeed later, without anybody's doing.

        So may what is transient, or of something on the way to the service; a refused token where there may
        be another; and the lack of a method that every server has. Not so `TlsFailed`, which lasts until
        somebody changes something: a device waits for that, and a call does not.
        """
        if isinstance(error, TlsFailed):
            return False
        if isinstance(error, Unauthenticated) and error.reason:
            return self.tokens.renewable
        if isinstance(error, ServerTooOld) and METHOD_LEVELS.get(method.path, OLDEST) > OLDEST:
            return False
        return is_transient(error) or is_foreign(error)

    async def attempt(
        self, method: Method[Request, Response], request: Request, deadline: Deadline
    ) -> Response:
        """Call once, and once more with a new token when the token is refused and the provider has another.

        Raises `ServerTooOld` for a request with a field that the server does not know, which is not sent;
        `DeadlineExceeded` when the token or the response does not come in time, any other `UnisonoError` of
        the call, and what the provider of tokens raises.
        """
        try:
            answer = await self._attempt(method, request, deadline)
        except UnisonoError as error:
            if self.may_pass(method, error) and not isinstance(error, DeadlineExceeded):
                self.outages.failed(error)
            raise
        self.outages.ended()
        return answer

    async def check(self, request: Message, deadline: Deadline) -> None:
        """Ask the server what it knows, where a request has fields that it may lack.

        Raises `ServerTooOld` where it does, and otherwise as `attempt`.
        """
        if self.server.may_lack(request):
            checking = self.server.check(request, lambda: self._ask_level(deadline))
            await _in_time(checking, deadline, "the server did not say in time what it knows")

    async def _attempt(
        self, method: Method[Request, Response], request: Request, deadline: Deadline
    ) -> Response:
        await self.check(request, deadline)
        return await self._authorized(method, request, deadline)

    async def _ask_level(self, deadline: Deadline) -> int:
        try:
            answer = await self._authorized(GET_SERVER_INFO, GetServerInfoRequest(), deadline)
        except ServerTooOld:
            return OLDEST
        return answer.contract_level

    async def _authorized(
        self, method: Method[Request, Response], request: Request, deadline: Deadline
    ) -> Response:
        token = await self._token(self.tokens.get(), deadline)
        try:
            return await self._once(method, request, token, deadline)
        except Unauthenticated:
            renewed = await self._token(self.tokens.renew(token), deadline)
            if renewed == token:
                raise
            return await self._once(method, request, renewed, deadline)

    async def _token(self, asking: Awaitable[str], deadline: Deadline) -> str:
        return await _in_time(asking, deadline, "the provider of tokens gave none in time")

    async def _once(
        self, method: Method[Request, Response], request: Request, token: str, deadline: Deadline
    ) -> Response:
        left = deadline.left
        if left <= 0:
            raise DeadlineExceeded("the time for this call was up before it was made")
        return await self.transport.unary(method, request, token=token, timeout=left)


async def _in_time(asking: Awaitable[Value], deadline: Deadline, late: str) -> Value:
    """Return what is asked for. Raises `DeadlineExceeded` with the message `late` after the deadline."""
    limit = asyncio.timeout(deadline.left)
    try:
        async with limit:
            return await asking
    except TimeoutError:
        if not limit.expired():
            raise
        raise DeadlineExceeded(late) from None
