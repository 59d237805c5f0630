"""Keeps a stream open: comes back whenever it ends, until it must not. Knows no inbox."""

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol, Self

from unisono.client._device.recovery import MOST_REFUSALS, ComeBack, plan
from unisono.client._device.room import Overfull
from unisono.client._device.stream import messages
from unisono.client._device.timing import Timing
from unisono.client._errors import UnisonoError
from unisono.client._wire.caller import Caller
from unisono.v1 import feed_service_pb2 as pb

_log = logging.getLogger("unisono.client")


class Subscriber(Protocol):
    """Whom a subscription serves."""

    def request(self) -> pb.SubscribeRequest:
        """Where the next stream starts."""
        ...

    async def take(self, message: pb.SubscribeResponse) -> None:
        """Take in a message, before the next one is read."""
        ...

    def alongside(self) -> Iterable[Coroutine[Any, Any, None]]:
        """What is to run while a stream is open."""
        ...

    def lost(self, trouble: UnisonoError, *, start_over: bool) -> None:
        """The stream has ended, and will come back; with `start_over`, without the position."""
        ...


@dataclass(slots=True)
class _Ending:
    """How far a stream came, and how it ended."""

    token: str = ""
    opened: bool = False
    complete: bool = False
    goodbye: pb.Goodbye | None = None
    error: UnisonoError | None = None


class _Alongside:
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
    """One endpoint's stream."""

    def __init__(self, caller: Caller, subscriber: Subscriber, timing: Timing) -> None:
        self._caller = caller
        self._subscriber = subscriber
        self._timing = timing
        self._failures = 0
        self._refusals = 0

    async def run(self) -> None:
        """Stay subscribed. Ends only by raising what must not be repeated, or by being cancelled."""
        while True:
            ending = await self._one_stream()
            if ending.complete and not isinstance(ending.error, Overfull):
                self._failures = self._refusals = 0
            back = plan(ending.goodbye, ending.error, renewable=self._caller.tokens.renewable)
            if back.new_token:
                self._refuse(ending.token, back.because)
            level = logging.WARNING if isinstance(back.because, Overfull) else logging.INFO
            _log.log(level, "the stream ended, and will come back: %r", back.because)
            self._subscriber.lost(back.because, start_over=back.start_over)
            await self._wait(back)

    async def _one_stream(self) -> _Ending:
        ending = _Ending()
        try:
            ending.token = await self._caller.tokens.get()
            request = self._subscriber.request()
            stream = messages(self._caller.transport, request, ending.token, self._timing)
            async with aclosing(stream), _Alongside() as alongside:
                async for message in stream:
                    if not ending.opened:
                        alongside.start(self._subscriber.alongside())
                    ending.opened = True
                    ending.complete = ending.complete or message.complete
                    if message.HasField("goodbye"):
                        ending.goodbye = message.goodbye
                    await self._subscriber.take(message)
        except UnisonoError as error:
            # Whoever keeps it for long must not keep the dead call, and its connection, with it.
            ending.error = error.with_traceback(None)
            error.__context__ = None
        return ending

    def _refuse(self, token: str, because: UnisonoError) -> None:
        """Have the next stream ask for another token. Raises when that was in vain too often."""
        self._refusals += 1
        if self._refusals > MOST_REFUSALS:
            raise because
        self._caller.tokens.forget(token)

    async def _wait(self, back: ComeBack) -> None:
        self._failures += 1
        delay = back.delay
        if delay is None:
            delay = self._timing.backoff.delay_after(back.because, self._failures)
        await asyncio.sleep(delay)
