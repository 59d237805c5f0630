"""Around every call: whatever is raised in it ends the call with a typed status. Knows no messages."""

import asyncio
from types import TracebackType
from typing import NoReturn, TypeAlias

import grpc
import structlog

from unisono.server import errors
from unisono.server.api import auth, status
from unisono.server.api.refusal_log import RefusalLog
from unisono.server.api.tarpit import Tarpit

log = structlog.get_logger(__name__)

Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"


class CallEnded(Exception):
    """A call is over, with an error as its status, and nothing was refused: a stream said goodbye."""

    def __init__(self, error: errors.UnisonoError) -> None:
        super().__init__(error.reason)
        self.error = error


class ErrorBoundary:
    """Around a call: whatever is raised in it ends the call with a typed status.

    Not a coroutine around another, which every open stream would keep a frame of.
    """

    __slots__ = ("_context", "_refusals", "_request_id", "_tarpit")

    def __init__(self, context: Context, request_id: str, refusals: RefusalLog, tarpit: Tarpit) -> None:
        self._context = context
        self._request_id = request_id
        self._refusals = refusals
        self._tarpit = tarpit

    async def __aenter__(self) -> None:
        structlog.contextvars.bind_contextvars(request_id=self._request_id)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        match error:
            case None:
                self._context.set_trailing_metadata(((auth.REQUEST_ID_KEY, self._request_id),))
            case grpc.aio.AbortError():
                # It was ended already: what gRPC is waiting for is to hear of it.
                return False
            case grpc.aio.InternalError():
                # The connection broke while something was written to it: nobody is left to be told.
                self._refusals.client_gone()
            case errors.TooFrequent():
                await self._hold(error)
                await self.end(error)
            case Exception():
                await self.end(error)
            case _:
                return False
        return True

    async def _hold(self, refusal: errors.TooFrequent) -> None:
        """Wait before a refusal. One whose caller gave up meanwhile is in the log all the same."""
        try:
            await self._tarpit.hold()
        except asyncio.CancelledError:
            self._refusals.refused(refusal)
            raise

    async def end(self, raised: Exception) -> NoReturn:
        """End the call with the status of what was raised. Raises `grpc.aio.AbortError`, always."""
        error = self._error(raised)
        answer = status.status_of(error)
        trailers = ((auth.REQUEST_ID_KEY, self._request_id), *status.trailers(answer))
        try:
            await self._context.abort(status.code_of(error), answer.message, trailers)
        except grpc.aio.AbortError as ended:
            # gRPC keeps it with the call, and its traceback leads back to the call: a circle that only the
            # garbage collector would open, which took a tenth of what a refusal takes.
            asyncio.get_running_loop().call_soon(_release, ended)
            raise

    def _error(self, raised: Exception) -> errors.UnisonoError:
        """The error to answer. It is logged, once."""
        match raised:
            case CallEnded():
                log.debug("call ended", reason=raised.error.reason)
                return raised.error
            case errors.UnisonoError():
                self._refusals.refused(raised)
                return raised
            case _:
                self._refusals.failed(raised)
                return errors.UnisonoError(
                    errors.Reason.INTERNAL,
                    "a fault of the server; its log has it under the request id",
                    {"request_id": self._request_id},
                )


def _release(ended: BaseException) -> None:
    """Once gRPC has seen it, nobody asks where it came from."""
    ended.__traceback__ = ended.__context__ = None
