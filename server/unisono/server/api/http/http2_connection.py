"""A connection of HTTP/2: joins the socket, the protocol and the exchanges."""

import asyncio
from collections.abc import Iterable
from typing import Final

from unisono.server.api.http.alarm import Alarm, Due
from unisono.server.api.http.h2.connection import FRAMES_PER_TURN, Connection
from unisono.server.api.http.h2.errors import ConnectionFailed, ErrorCode
from unisono.server.api.http.h2.events import (
    DataReceived,
    Event,
    PingAnswered,
    RequestReceived,
    StreamReset,
    WriteResumed,
)
from unisono.server.api.http.http2_exchange import Http2Exchange
from unisono.server.api.http.http2_life import Http2Life
from unisono.server.api.http.places import Place
from unisono.server.api.http.serving import Serving
from unisono.server.api.http.socket_connection import SocketConnection

STRANGER_FRAMES: Final = 16
"""Frames in a turn of a client that is not known: enough for its first request, and that makes it known."""

MOST_KEPT: Final = 32 * 1024
"""Bytes that are kept of a stranger who has to wait. Who sends more before he is known is ended."""

BYTES_PER_TURN: Final = 64 * 1024
"""Who sends as much at once sends faster than we take it: others have their turn before there is more."""


class Http2Connection(SocketConnection):
    """What arrives at once is answered at once: by one write, after the tasks that it woke have run."""

    __slots__ = ("_exchanges", "_life", "_waiting", "http2")

    def __init__(self, serving: Serving, alarm: Alarm, opened: float, place: Place) -> None:
        super().__init__(serving, alarm, opened, place)
        self.http2: Final = Connection(serving.http2_limits)
        self._exchanges: Final[dict[int, Http2Exchange]] = {}
        self._waiting: Final[dict[int, Http2Exchange]] = {}
        self._life: Final = Http2Life(alarm, serving.timeouts, opened, serving.loop.time())

    @property
    def is_used(self) -> bool:
        """Whether a stream is open, also one that has come in this moment."""
        return self.http2.open_streams > 0

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        if self.closing:
            return
        self.received = self.serving.loop.time()
        if self.awaits_turn:
            self.http2.keep(data)
        elif self.place.wait and not self.http2.is_greeted:
            self.http2.keep(data)
            self._wait(self.place.wait)
        else:
            self._take(data)

    def take_turn(self) -> None:
        """See `SocketConnection`."""
        self._take(b"")

    def take_output(self) -> bytes:
        """See `SocketConnection`."""
        return self.http2.take_output()

    def pause_writing(self) -> None:
        """See `SocketConnection`."""
        super().pause_writing()
        self.http2.pause()

    def resume_writing(self) -> None:
        """See `SocketConnection`."""
        super().resume_writing()
        self._dispatch(self.http2.resume())
        self.flush_soon()

    def drain(self) -> None:
        """See `SocketConnection`."""
        self._life.drain(self, self.serving.loop.time())

    def drop_exchanges(self) -> None:
        """See `SocketConnection`."""
        exchanges = tuple(self._exchanges.values())
        self._exchanges.clear()
        self._waiting.clear()
        for exchange in exchanges:
            exchange.drop()

    def watch(self, exchange: Http2Exchange) -> None:
        """See to it that what waits of a stream goes out in time."""
        if exchange.stream_id in self._waiting:
            return
        exchange.progress_at = now = self.serving.loop.time()
        self._waiting[exchange.stream_id] = exchange
        if not self.alarm.is_set(Due.STALLED_STREAMS):
            self.alarm.set(Due.STALLED_STREAMS, now + self.serving.timeouts.stalled_write)

    def forget(self, exchange: Http2Exchange) -> None:
        """Forget a stream that has ended."""
        del self._exchanges[exchange.stream_id]
        self._waiting.pop(exchange.stream_id, None)
        exchange.close()
        if not self._exchanges:
            self._life.unused(self, self.serving.loop.time())

    def on_time(self, due: Due, now: float) -> None:
        """See `SocketConnection`."""
        if due is Due.STALLED_STREAMS:
            self._on_stalled_streams(now)
        else:
            self._life.on_due(self, due, now)

    def _take(self, data: bytes) -> None:
        most = FRAMES_PER_TURN if self.place.is_known else STRANGER_FRAMES
        events = self.http2.receive(data, self.received, most)
        if self.http2.error is not None:
            self.close()
            return
        self._life.arrived(self, self.received)
        self._dispatch(events)
        self.flush_soon()
        requests = sum(isinstance(event, RequestReceived) for event in events)
        wait = self.place.read(self.http2.turn, requests)
        if wait or self.http2.has_more or len(data) >= BYTES_PER_TURN:
            self._wait(wait)

    def _wait(self, seconds: float) -> None:
        if seconds and self.http2.kept > MOST_KEPT:
            self.http2.fail(ConnectionFailed(ErrorCode.ENHANCE_YOUR_CALM, "too much before a good token"))
            self.close()
        else:
            self.wait_for_turn(seconds)

    def _dispatch(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, RequestReceived):
                self._on_request(event)
            elif isinstance(event, DataReceived):
                self._on_data(event)
            elif isinstance(event, WriteResumed):
                self._on_resumed(event.stream_id)
            elif isinstance(event, StreamReset):
                self._on_reset(event.stream_id)
            elif isinstance(event, PingAnswered):
                self._life.answered(self, event.payload)
            else:
                self._life.end(self)

    def _on_request(self, event: RequestReceived) -> None:
        self.place.asked()
        exchange = Http2Exchange(self, event.stream_id, event.head, ended=event.ended)
        self._exchanges[event.stream_id] = exchange
        exchange.task = self.serving.start(exchange)

    def _on_data(self, event: DataReceived) -> None:
        self._exchanges[event.stream_id].feed(event.data, event.taken, ended=event.ended)

    def _on_resumed(self, stream_id: int) -> None:
        exchange = self._waiting.get(stream_id)
        if exchange is None:
            return
        exchange.resumed(self.serving.loop.time())
        if not self.http2.waiting(stream_id):
            del self._waiting[stream_id]
            if exchange.is_finished:
                self.forget(exchange)

    def _on_reset(self, stream_id: int) -> None:
        """Drop a stream, which keeps its place until its task has ended: resets make room for no more."""
        task = self._exchanges[stream_id].task
        self._drop(stream_id)
        if task is None:
            self.http2.lingered()
        else:
            task.add_done_callback(self._lingered)

    def _lingered(self, task: asyncio.Task[None]) -> None:
        self.http2.lingered()

    def _drop(self, stream_id: int) -> None:
        exchange = self._exchanges[stream_id]
        exchange.drop()
        self.forget(exchange)

    def _on_stalled_streams(self, now: float) -> None:
        """End the streams of which nothing was sent in time, unless it is the socket that takes nothing."""
        limit = self.serving.timeouts.stalled_write
        for exchange in tuple(self._waiting.values()):
            if self.is_held:
                exchange.progress_at = now
            elif now - exchange.progress_at >= limit:
                self.timed_out("stream_reader")
                self.http2.reset(exchange.stream_id, ErrorCode.CANCEL)
                self._drop(exchange.stream_id)
        self.flush_soon()
        if self._waiting:
            first = min(exchange.progress_at for exchange in self._waiting.values())
            self.alarm.set(Due.STALLED_STREAMS, first + limit)
