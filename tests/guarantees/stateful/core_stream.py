"""One stream of a core without gRPC, which is read message by message, and recorded."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack

from tests.guarantees.stateful.core_parts import Core
from tests.support.session_reader import SessionReader
from unisono.server.api.status import code_of, goodbye_error
from unisono.server.clock import SingleWaiterEvent
from unisono.server.core.feeds import StreamRequest
from unisono.v1 import feed_service_pb2 as pb
from unisono.verify.history import Stream, TimedMessage


class CoreStream:
    """A recorded stream, whose session makes a message only when the one before was taken."""

    def __init__(self, core: Core, record: Stream, time: Callable[[], float]) -> None:
        self.record = record
        self._core = core
        self._time = time
        self._subscriber = ExitStack()
        self._wake = SingleWaiterEvent()
        self._taking: asyncio.Task[pb.SubscribeResponse | None] | None = None

    async def open(self, wanted: StreamRequest) -> None:
        """Open the stream."""
        subscriber = self._subscriber.enter_context(self._core.feeds.subscribe(wanted))
        self._wake = subscriber.wake
        self._reader = SessionReader(await self._core.feeds.open_stream(wanted, subscriber))

    @property
    def ended(self) -> bool:
        """Return whether the stream has ended."""
        return self.record.ended is not None

    async def next_or_none(self) -> pb.SubscribeResponse | None:
        """Return the next message; None when the stream has ended, or waits for time or an event."""
        if self.ended:
            return None
        self._taking = self._taking or asyncio.create_task(self._take())
        waiting = asyncio.create_task(self._core.clock.awaited(self._wake))
        await asyncio.wait({self._taking, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not self._taking.done():
            return None
        taken, self._taking = self._taking.result(), None
        return taken

    async def cut(self) -> None:
        """Cut the stream as a client that vanishes; messages that were not taken are lost."""
        if self._taking is not None:
            self._taking.cancel()
            await asyncio.wait([self._taking])
        await self._reader.cut()
        self._subscriber.close()
        self.record.ended = self.record.ended or self._time()

    async def _take(self) -> pb.SubscribeResponse | None:
        message = await self._reader.next()
        assert message is not None
        told = pb.SubscribeResponse.FromString(message)
        self.record.messages.append(TimedMessage(self._time(), told))
        if told.HasField("goodbye"):
            self.record.code = code_of(goodbye_error(*await self._reader.ending())).name
            self.record.ended = self._time()
            self._subscriber.close()
        return told
