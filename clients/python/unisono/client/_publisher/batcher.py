"""Batches concurrent sends into as few calls as are useful, with no delay when idle.

The first send goes at once; what comes while calls are under way goes with the next call.
"""

import asyncio
import math
from collections.abc import Sequence
from typing import Final

from unisono.client._errors import (
    InternalError,
    InvalidRequest,
    ServerTooOld,
    TooLarge,
    UnisonoError,
)
from unisono.client._publisher.user_queues import Outcome, Send, UserQueues
from unisono.client._status import code_of, error_of
from unisono.client._wire.caller import Deadline, RpcCaller
from unisono.client._wire.methods import BATCH_SEND, SEND
from unisono.client._wire.transport import closed
from unisono.v1 import notification_service_pb2 as pb

#: The service takes 1,000 items and 4 MiB in one request; where the operator set less, these are lowered.
MAX_ITEMS: Final = 1000
MAX_BYTES: Final = 3 * 1024 * 1024

#: Calls under way at a time: while the server is at work on one, the client is on the other.
_MAX_CALLS: Final = 2
#: Up to this many users share a call, which costs both sides what a dozen sends do.
_FEW_USERS: Final = 32


class SendBatcher:
    """Queues sends by user, and runs the calls that carry them while there are any.

    Nothing lingers: the first send goes at once, and those that come meanwhile go with the next call.
    Sends of one user keep their order: one goes in the same call as the one before it, behind it, or when
    that one is done, however often it was repeated. Only where the service accepted one of a call and not
    another may the two change places, unless their keys are equal.
    """

    def __init__(self, caller: RpcCaller) -> None:
        self._caller = caller
        self._queues = UserQueues()
        self._calls: set[asyncio.Task[None]] = set()
        self._starting = False
        self._closed = False
        self._max_items = MAX_ITEMS
        self._max_bytes = MAX_BYTES

    async def send(self, requests: Sequence[pb.SendNotificationRequest], timeout: float) -> list[Outcome]:
        """Return the outcome of each request, in order; what has none after `timeout` seconds has an error.

        That error is the last one that was worth a retry, or `DeadlineExceeded`. When cancelled, what is
        queued is not sent any more, and what is in flight may be stored. Raises `UnisonoError` (CANCELLED)
        after `close`.
        """
        if not requests:
            return []
        if self._closed:
            raise closed()
        loop, deadline = asyncio.get_running_loop(), Deadline(timeout)
        sends = [Send(request, deadline, loop.create_future()) for request in requests]
        for send in sends:
            self._queues.put(send)
        self._start()
        late = loop.call_later(timeout, _end_late, sends)
        try:
            return [await send.answer for send in sends]
        finally:
            late.cancel()
            # Where the caller was cancelled, nobody waits for the others either.
            for send in sends:
                send.answer.cancel()

    async def close(self) -> None:
        """Cancel all calls, and end all sends with a `UnisonoError` (CANCELLED). May be called twice."""
        self._closed = True
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        for send in self._queues.drain():
            send.end(closed())

    def _start(self) -> None:
        """Start a call, unless it is for a few users while many are in flight and soon to be back."""
        ready, in_flight = self._queues.ready, self._queues.in_flight
        if (
            self._starting
            or self._closed
            or len(self._calls) == _MAX_CALLS
            or not ready
            or 2 * ready < in_flight
        ):
            return
        self._starting = True
        call = asyncio.create_task(self._run_call())
        self._calls.add(call)
        call.add_done_callback(self._ended)

    def _ended(self, call: asyncio.Task[None]) -> None:
        self._calls.discard(call)
        if not call.cancelled():
            self._start()

    async def _run_call(self) -> None:
        """Send one batch. What is to be repeated keeps this call, and the queues of its users, waiting."""
        batch = self._next_batch()
        try:
            await self._send(batch)
            delay = self._delay(batch)
            batch = self._release_done(batch)
            if batch:
                await asyncio.sleep(delay)
        except _BatchTooLarge:
            pass
        finally:
            self._queues.return_batch(batch)

    def _next_batch(self) -> list[Send]:
        users = max(_FEW_USERS, math.ceil((self._queues.ready + self._queues.in_flight) / _MAX_CALLS))
        batch = self._queues.take_batch(users, self._max_items, self._max_bytes)
        self._starting = False
        self._start()
        return batch

    def _release_done(self, batch: Sequence[Send]) -> list[Send]:
        """Release the users whose sends all have outcomes; return the sends of the others."""
        held = {send.request.user_id for send in batch if not send.answer.done()}
        self._queues.return_batch([send for send in batch if send.request.user_id not in held])
        self._start()
        return [send for send in batch if send.request.user_id in held]

    def _delay(self, batch: Sequence[Send]) -> float:
        """Return the seconds until a retry; sends whose deadline is earlier end with their last error."""
        again = [send for send in batch if not send.answer.done()]
        if not again:
            return 0.0
        asked = [send.error.retry_delay or 0.0 for send in again if send.error is not None]
        failures = max(send.failures for send in again)
        delay = self._caller.backoff.delay(failures) + max(asked, default=0.0)
        for send in again:
            if send.deadline.left <= delay:
                send.end_late()
        return delay

    async def _send(self, batch: Sequence[Send]) -> None:
        """Give each send its outcome, except where the error may pass, and those behind such a one.

        Raises `_BatchTooLarge` when the batch is to be sent again in smaller ones.
        """
        if not batch:
            return
        outcomes: Sequence[Outcome]
        try:
            outcomes = await self._call(batch)
        except Exception as error:
            if len(batch) > 1 and self._lower_limits(batch, error):
                raise _BatchTooLarge from None
            if len(batch) > 1 and isinstance(error, InvalidRequest):
                # Something in it makes all of it unacceptable: halves, until what is to blame is alone.
                half = len(batch) // 2
                await self._send(batch[:half])
                if all(send.answer.done() for send in batch[:half]):
                    await self._send(batch[half:])
                return
            if isinstance(error, ServerTooOld) and self._refuse(batch):
                await self._send([send for send in batch if not send.answer.done()])
                return
            # Whoever waits gets any error, also one of the caller's own provider of tokens.
            outcomes = [error] * len(batch)
        for send, outcome in zip(batch, outcomes, strict=True):
            self._finish(send, outcome)

    def _finish(self, send: Send, outcome: Outcome) -> None:
        """Give a send its outcome, unless that is an error that may pass."""
        if isinstance(outcome, UnisonoError) and self._caller.may_pass(SEND, outcome):
            send.fail(outcome)
        else:
            send.end(outcome)

    def _refuse(self, batch: Sequence[Send]) -> bool:
        """End the sends with a field that the server does not know; return whether there are any."""
        refusals = [self._caller.server.refusal(send.request) for send in batch]
        for send, refusal in zip(batch, refusals, strict=True):
            if refusal is not None:
                send.end(refusal)
        return any(refusals)

    def _lower_limits(self, batch: Sequence[Send], error: Exception) -> bool:
        """Return whether the error says that this caller may send less at once, and remember the limit."""
        if not isinstance(error, UnisonoError):
            return False
        if error.reason == "ROLE_NOT_ALLOWED":
            self._max_items = 1  # users may send to themselves, and only one by one
        elif "requests" in error.violations:
            self._max_items = min(self._max_items, len(batch) // 2)
        elif isinstance(error, TooLarge):
            self._max_bytes = min(self._max_bytes, sum(send.request.ByteSize() for send in batch) // 2)
        else:
            return False
        return True

    async def _call(self, batch: Sequence[Send]) -> list[Outcome]:
        deadline = max((send.deadline for send in batch), key=lambda deadline: deadline.left)
        if len(batch) == 1:
            answer = await self._caller.attempt(SEND, batch[0].request, deadline)
            return [answer.result]
        request = pb.BatchSendNotificationsRequest(requests=[send.request for send in batch])
        results = (await self._caller.attempt(BATCH_SEND, request, deadline)).results
        if len(results) != len(batch):
            raise InternalError(
                f"{len(batch)} sends were answered with {len(results)} results",
                metadata={"sends": str(len(batch)), "results": str(len(results))},
            )
        outcomes = [_outcome(result) for result in results]
        may_pass = self._caller.may_pass
        passing = (one for one in outcomes if isinstance(one, UnisonoError) and may_pass(SEND, one))
        if first := next(passing, None):
            self._caller.outages.failed(first)
        return outcomes


class _BatchTooLarge(Exception):
    """The batch is larger than this caller may send."""


def _end_late(sends: Sequence[Send]) -> None:
    for send in sends:
        send.end_late()


def _outcome(result: pb.BatchSendResult) -> Outcome:
    if result.HasField("error"):
        return error_of(code_of(result.error.code), result.error.message, result.error.details)
    return result.result
