"""Turns what is raised in a call into a gRPC status with details. Does not depend on messages."""

import asyncio
import time
from types import TracebackType
from typing import NoReturn

import grpc
import structlog

from unisono.server import errors
from unisono.server.api import auth, status
from unisono.server.api.audit import Audit
from unisono.server.api.call import Call
from unisono.server.api.call_log import CallLog, CallRecord
from unisono.server.api.call_metrics import MethodMetrics
from unisono.server.api.call_traces import CallTraces
from unisono.server.api.refusal_log import RefusalLog
from unisono.server.api.tarpit import Tarpit


class CallEnded(Exception):
    """Raised to end a call with the status of `error` where nothing was refused or failed.

    A stream ends so after its Goodbye, and a call whose client left without a request.
    """

    def __init__(self, error: errors.UnisonoError) -> None:
        super().__init__(error.reason)
        self.error = error


class ErrorBoundary:
    """An async context manager around the handling of one call: what is raised in it becomes the status.

    - Without an exception, it adds the request id to the trailing metadata.
    - An exception of the service, or any other, becomes the call's status, and is logged once; TooFrequent is
      held back first (see `Tarpit`).
    - Where the client is gone (`Call.gone`), there is no status: that is only logged.
    - What `Call.abort` raises (`Call.aborted`), and cancellation, pass through.
    - However it ends, it is counted, and traced and logged where the operator asks for that.

    It is no coroutine around another: each open stream would keep a stack frame of it.
    """

    __slots__ = (
        "_audit",
        "_began",
        "_call",
        "_metrics",
        "_refusals",
        "_request_id",
        "_tarpit",
        "_traceparent",
        "_traces",
        "app_id",
        "record",
    )

    def __init__(
        self,
        call: Call,
        metrics: MethodMetrics,
        metadata: auth.CallMetadata,
        *,
        refusals: RefusalLog,
        audit: Audit | None,
        tarpit: Tarpit,
        traces: CallTraces | None = None,
        call_log: CallLog | None = None,
    ) -> None:
        """`metrics` are those of the method that is called."""
        self._call = call
        self._metrics = metrics
        self._began = 0.0
        self._request_id = metadata.request_id
        self._traces = traces
        self._traceparent = "" if traces is None else metadata.traceparent
        self._refusals = refusals
        self._audit = audit
        self._tarpit = tarpit
        #: Whose token it had, for the log; None before that is known.
        self.app_id: str | None = None
        #: What is told of the call when it has ended; None where nothing is.
        self.record = None if call_log is None else CallRecord(call_log)

    @property
    def endings(self) -> tuple[type[Exception], type[Exception]]:
        """What `end` raises: `Call.aborted`, or `Call.gone` where there is nobody to tell."""
        return self._call.aborted, self._call.gone

    async def __aenter__(self) -> None:
        structlog.contextvars.bind_contextvars(request_id=self._request_id)
        self._metrics.started += 1
        self._began = time.perf_counter()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        try:
            return await self._leave(error)
        finally:
            code = self._call.code
            if error is not None and code is grpc.StatusCode.OK:
                # Nobody was told how it ended: there is nobody.
                code = grpc.StatusCode.CANCELLED
            seconds = time.perf_counter() - self._began
            self._metrics.end(code, seconds)
            if self._traces is not None:
                self._traces.ended(self._metrics.name, code, seconds, self._traceparent)
            if self.record is not None:
                self.record.ended(self._call, self._metrics, self.app_id, code, seconds)

    async def _leave(self, error: BaseException | None) -> bool:
        """Make of what was raised what the caller is told; return whether that is all."""
        match error:
            case None:
                self._call.set_trailing_metadata(((auth.REQUEST_ID_KEY, self._request_id),))
            case _ if isinstance(error, self._call.aborted):
                # The call was ended already; the transport has to see this error.
                return False
            case _ if isinstance(error, self._call.gone):
                # The connection broke while something was written to it: there is nobody to answer.
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
        """Delay a refusal. One whose caller cancels meanwhile is logged all the same."""
        try:
            await self._tarpit.hold()
        except asyncio.CancelledError:
            self._refusals.refused(refusal, self._metrics.name, self.app_id)
            raise

    async def end(self, raised: Exception) -> NoReturn:
        """End the call with the status of what was raised, and log it.

        Never returns: raises `Call.aborted` once the transport has the status. Any error that is not the
        service's own becomes INTERNAL, with the request id under which the log has its traceback.
        """
        error = self._error(raised)
        if self.record is not None:
            self.record.reason = error.reason
        answer = status.status_of(error)
        trailers = ((auth.REQUEST_ID_KEY, self._request_id), *status.trailers(answer))
        try:
            await self._call.abort(status.code_of(error), answer.message, trailers)
        except self._call.aborted as ended:
            # gRPC keeps the error with the call, and its traceback refers to the call: a reference cycle that
            # only the garbage collector would free, which took a tenth of the time of a refusal.
            asyncio.get_running_loop().call_soon(_release, ended)
            raise

    def _error(self, raised: Exception) -> errors.UnisonoError:
        """Log what was raised, and return the error to answer."""
        match raised:
            case CallEnded():
                return raised.error
            case errors.UnisonoError():
                self._refusals.refused(raised, self._metrics.name, self.app_id)
                if self._audit is not None:
                    self._audit.refused(raised, self._metrics.name, self._call.peer(), self._request_id)
                return raised
            case _:
                self._refusals.failed(raised, self._metrics.name, self.app_id)
                return errors.UnisonoError(
                    errors.Reason.INTERNAL,
                    "a fault of the server; its log has it under the request id",
                    {"request_id": self._request_id},
                )


def _release(ended: BaseException) -> None:
    """Drop the traceback once the transport has seen the error: nobody reads it afterwards."""
    ended.__traceback__ = ended.__context__ = None
