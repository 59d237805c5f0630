"""Keeps a stream open: reconnects whenever it ends, for ever, until it must not."""

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol, Self

from unisono.client._device.catch_up_limit import ServerMisbehaves
from unisono.client._device.comeback import Comeback
from unisono.client._device.reconnect import plan_reconnect
from unisono.client._device.stream import goodbye_in, messages
from unisono.client._device.timing import Timing
from unisono.client._device.watchdog import Stalled, Watchdog
from unisono.client._errors import FeedBarred, UnisonoError
from unisono.client._wire.caller import Deadline, RpcCaller
from unisono.v1 import feed_service_pb2 as pb

_log = logging.getLogger("unisono.client")


class StreamHandler(Protocol):
    """Gets the messages of a subscription's streams."""

    async def before_stream(self) -> None:
        """Called before each stream. A `UnisonoError` that this raises keeps it from being opened."""
        ...

    def next_request(self) -> pb.SubscribeRequest:
        """Return the request of the next stream, with its position."""
        ...

    async def on_message(self, message: pb.SubscribeResponse) -> None:
        """Apply a message, before the next one is read. A `UnisonoError` that this raises ends the stream."""
        ...

    def background_tasks(self) -> Iterable[Coroutine[Any, Any, None]]:
        """Return coroutines to run from the first message of a stream on; at its end they are cancelled."""
        ...

    async def on_feed_deleted(self) -> None:
        """Discard everything: called when no stream opens because the user was deleted."""
        ...

    def on_disconnect(self, error: UnisonoError, *, reset_position: bool) -> None:
        """Called when a stream has ended and another will follow; with `reset_position`, from no position."""
        ...


@dataclass(slots=True)
class _StreamOutcome:
    """How far a stream came, and how it ended."""

    token: str = ""
    resumed: bool = False
    opened: bool = False
    complete: bool = False
    goodbye: pb.Goodbye | None = None
    error: UnisonoError | None = None


class _StreamTasks:
    """Tasks that end with the stream."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        for outcome in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    def start(self, work: Iterable[Coroutine[Any, Any, None]]) -> None:
        self._tasks = [asyncio.create_task(one) for one in work]


class Subscription:
    """The streams of one endpoint, one after the other."""

    def __init__(self, caller: RpcCaller, handler: StreamHandler, timing: Timing, watchdog: Watchdog) -> None:
        self._caller = caller
        self._handler = handler
        self._timing = timing
        self._watchdog = watchdog
        self._comeback = Comeback(timing)

    async def run(self) -> None:
        """Stay subscribed until cancelled. Raises the error that ends the device for good."""
        while True:
            self._comeback.began()
            outcome = await self._one_stream()
            if outcome.complete and not isinstance(outcome.error, ServerMisbehaves):
                self._comeback.was_complete(resumed=outcome.resumed)
            if isinstance(outcome.error, Stalled):
                self._comeback.stood_still()
            if isinstance(outcome.error, FeedBarred):
                await self._handler.on_feed_deleted()
            reconnect = plan_reconnect(
                outcome.goodbye, outcome.error, renewable=self._caller.tokens.renewable
            )
            if reconnect.new_token:
                self._caller.tokens.invalidate(outcome.token)
            level = logging.WARNING if isinstance(reconnect.cause, ServerMisbehaves) else logging.INFO
            _log.log(level, "the stream ended, and will come back: %r", reconnect.cause)
            if not outcome.opened and not isinstance(outcome.error, Stalled):
                self._caller.stream_outages.failed(reconnect.cause)
            self._handler.on_disconnect(reconnect.cause, reset_position=reconnect.reset_position)
            if await self._watchdog.sleep(self._comeback.delay(reconnect)):
                # Whatever was the matter was before: it is tried again at once.
                self._comeback.stood_still()

    async def _one_stream(self) -> _StreamOutcome:
        outcome = _StreamOutcome()
        try:
            async with self._watchdog.watching():
                await self._read(outcome)
        except UnisonoError as error:
            # Whoever keeps it for long must not keep the dead call, and its connection, with it.
            outcome.error = error.with_traceback(None)
            error.__context__ = None
        return outcome

    async def _read(self, outcome: _StreamOutcome) -> None:
        """Open a stream, and read it to its end."""
        await self._handler.before_stream()
        outcome.token = await self._caller.tokens.get()
        request = self._handler.next_request()
        await self._caller.check(request, Deadline(self._timing.open_timeout))
        outcome.resumed = bool(request.resume_token)
        stream = messages(self._caller.transport, request, outcome.token, self._timing)
        async with aclosing(stream), _StreamTasks() as background_tasks:
            async for message in stream:
                outcome.complete = outcome.complete or message.complete
                if message.HasField("goodbye"):
                    outcome.goodbye = message.goodbye
                try:
                    await self._handle(message)
                except Stalled:
                    # Another stream of the endpoint may have taken over, which this must not take over again.
                    outcome.goodbye = outcome.goodbye or await goodbye_in(stream)
                    raise
                # After the first message: it may say that what waits to be sent is to be discarded.
                if not outcome.opened:
                    background_tasks.start(self._handler.background_tasks())
                outcome.opened = True
                if message.complete:
                    self._caller.stream_outages.ended()

    async def _handle(self, message: pb.SubscribeResponse) -> None:
        """Have a message applied. Raises `ServerMisbehaves` for one that cannot be."""
        try:
            await self._handler.on_message(message)
        except UnisonoError:
            raise
        except Exception as error:
            _log.exception("a message of the server could not be applied")
            raise ServerMisbehaves(f"a message of the server could not be applied: {error!r}") from None
