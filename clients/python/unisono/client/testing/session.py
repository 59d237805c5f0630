"""One stream of one endpoint: sends what follows its position, waits, and sends more."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final

from unisono.client._errors import UnisonoError
from unisono.client.testing import errors
from unisono.client.testing.events import catch_up_events, live_events
from unisono.client.testing.feed import Endpoint, Feed
from unisono.client.testing.state import Position, Principal, ServiceState
from unisono.client.testing.times import duration, timestamp
from unisono.v1 import feed_service_pb2 as pb

#: The most that one batch of events holds, in bytes (Collapsed).
_BATCH_BYTES: Final = 256 * 1024
#: The part of the agreed interval after which a heartbeat is sent: a little early.
_HEARTBEAT_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a stream starts, and whether that resumes. `heartbeat` is the interval in seconds."""

    position: Position
    resumed: bool
    heartbeat: float


class Session:
    """An open stream. `cut` and `stalled` are faults of the network.

    A stream that is cut raises `Unavailable` instead of its next message; a stalled one stays open and
    sends nothing more. `wake` makes the stream notice the cut.
    """

    def __init__(
        self, state: ServiceState, principal: Principal, feed: Feed, endpoint: Endpoint, start: Start
    ) -> None:
        self.endpoint_id = endpoint.id
        self.cut = False
        self.stalled = False
        self._state = state
        self._principal = principal
        self._feed = feed
        self._endpoint = endpoint
        self._start = start
        self._position = start.position
        self._unread = feed.unread_count(endpoint)
        self._welcomed = self._synced = False
        self._goodbye: pb.Goodbye | None = None
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._last_write = self._loop.time()

    def wake(self) -> None:
        """Let the stream check whether there is something to send. May be called from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    def end(self, reason: str, retry_delay: float | None = None) -> None:
        """End the stream with a Goodbye; only the first call counts.

        `retry_delay` is in seconds; with None the device is not to come back by itself.
        """
        if self._goodbye is None:
            delay = None if retry_delay is None else duration(int(retry_delay * 1000))
            number = pb.GoodbyeReason.Value(f"GOODBYE_REASON_{reason}")
            self._goodbye = pb.Goodbye(reason=number, retry_delay=delay)
        self.wake()

    async def messages(self) -> AsyncGenerator[pb.SubscribeResponse, None]:
        """Yield the messages from Welcome to Goodbye, and then raise the error of the Goodbye's reason.

        Raises `Unavailable` when the stream is cut. At its end the feed no longer counts the stream as open.
        """
        try:
            while True:
                self._woken.clear()
                with self._state.lock:
                    message = self._next()
                if message is None:
                    await self._wait()
                    continue
                yield message
                if message.HasField("goodbye"):
                    raise _error(message.goodbye)
        finally:
            with self._state.lock:
                self._feed.listeners.discard(self)
                self._feed.record_activity(self.endpoint_id, self._state.now)

    def _next(self) -> pb.SubscribeResponse | None:
        """Return the next message; None if there is nothing to send now."""
        if self.cut:
            raise errors.connection_lost()
        if self.stalled:
            return None
        if not self._welcomed:
            self._welcomed = True
            return self._say(welcome=self._welcome())
        if goodbye := self._ending():
            return self._say(goodbye=goodbye)
        if events := self._batch():
            return self._say(event_batch=pb.EventBatch(events=events))
        if not self._synced:
            self._synced = True
            return self._say(synced=pb.Synced())
        return (
            self._say(heartbeat=pb.Heartbeat(server_time=timestamp(self._state.now)))
            if self._timeout() <= 0
            else None
        )

    def _ending(self) -> pb.Goodbye | None:
        if self._principal.expire_time <= self._state.now:
            self.end("TOKEN_EXPIRED")
        return self._goodbye

    def _batch(self) -> list[pb.Event]:
        """Return the events after the position that fit into one message, and move the position past them."""
        events: list[pb.Event] = []
        size = 0
        if self._synced and self._position.complete:
            found = live_events(self._feed, self._endpoint, self._position)
        else:
            found = catch_up_events(self._feed, self._endpoint, self._position, self._state.now)
        for event in found:
            size += event.ByteSize()
            if size > _BATCH_BYTES and events:
                self._position = Position(events[-1].revision, self._position.known, self._position.base)
                return events
            events.append(event)
        self._position = Position(*[self._feed.revision] * 3)
        self._unread = self._feed.unread_count(self._endpoint)
        return events

    def _say(self, **what: Any) -> pb.SubscribeResponse:
        self._last_write = self._loop.time()
        return pb.SubscribeResponse(
            resume_token=self._state.seal(self._feed, self._endpoint, self._position),
            revision=self._position.cursor,
            complete=self._synced and self._position.complete,
            unread_count=self._unread,
            **what,
        )

    def _welcome(self) -> pb.Welcome:
        return pb.Welcome(
            session_id=self._state.new_id(),
            resumed=self._start.resumed,
            heartbeat_interval=duration(int(self._start.heartbeat * 1000)),
            server_time=timestamp(self._state.now),
            feed_epoch=f"feed {self._feed.epoch}".encode(),
        )

    def _timeout(self) -> float:
        """Return the seconds until a heartbeat is due."""
        return self._last_write + self._start.heartbeat * _HEARTBEAT_SHARE - self._loop.time()

    async def _wait(self) -> None:
        """Wait until the stream is woken, or a heartbeat is due."""
        try:
            async with asyncio.timeout(None if self.stalled else self._timeout()):
                await self._woken.wait()
        except TimeoutError:
            return


def _error(goodbye: pb.Goodbye) -> UnisonoError:
    reason = pb.GoodbyeReason.Name(goodbye.reason).removeprefix("GOODBYE_REASON_")
    return errors.stream_end(reason, goodbye.retry_delay.ToNanoseconds() / 1e9)
