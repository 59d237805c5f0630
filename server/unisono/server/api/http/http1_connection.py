"""A connection of HTTP/1.1: joins the socket, h11 and one exchange at a time."""

import asyncio
from contextlib import suppress
from typing import Final, cast

import h11

from unisono.server.api.http.alarm import Alarm, Due
from unisono.server.api.http.exchange import Headers
from unisono.server.api.http.http1_exchange import Http1Exchange
from unisono.server.api.http.places import Place
from unisono.server.api.http.serving import Serving
from unisono.server.api.http.socket_connection import SocketConnection
from unisono.server.api.http.tcp import probe

MOST_UNREAD: Final = 64 * 1024
"""Bytes of a body that may wait to be read before nothing more is taken from the socket."""

_COMING: Final = (h11.IDLE, h11.SEND_BODY)
"""What a client does whose request has not come to its end."""


class Http1Connection(SocketConnection):
    """Requests that come early wait for their turn; `Upgrade` is passed over, CONNECT refused."""

    __slots__ = ("_asked", "_exchange", "_http1", "_last", "_output", "_room")

    def __init__(self, serving: Serving, alarm: Alarm, opened: float, place: Place) -> None:
        super().__init__(serving, alarm, opened, place)
        limit = serving.http2_limits.max_header_bytes
        self._http1: Final = h11.Connection(h11.SERVER, max_incomplete_event_size=limit)
        self._exchange: Http1Exchange | None = None
        self._output: Final[list[bytes]] = []
        self._room: asyncio.Future[None] | None = None
        self._asked = opened
        self._last = serving.is_draining

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `SocketConnection`."""
        super().connection_made(transport)
        probe(transport.get_extra_info("socket"), self.serving.timeouts)

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        if self.closing:
            return
        self.received = self.serving.loop.time()
        if self._exchange is None and not self.alarm.is_set(Due.HANDSHAKE):
            self.alarm.set(Due.HANDSHAKE, self.received + self.serving.timeouts.handshake)
        self._http1.receive_data(data)
        self._advance()

    def take_output(self) -> bytes:
        """See `SocketConnection`."""
        data = b"".join(self._output)
        self._output.clear()
        return data

    def resume_writing(self) -> None:
        """See `SocketConnection`."""
        super().resume_writing()
        self._wake()

    def drain(self) -> None:
        """See `SocketConnection`."""
        if self.closing:
            return
        self._last = True
        if self._exchange is None:
            self.close()
        else:
            now, grace = self.serving.loop.time(), self.serving.timeouts.connection_age_grace
            self.alarm.set(Due.GRACE, now + grace)

    def drop_exchanges(self) -> None:
        """See `SocketConnection`."""
        exchange, self._exchange = self._exchange, None
        self._wake()
        if exchange is not None:
            exchange.drop()

    def ask_for_body(self) -> None:
        """Have the client send its body, if it waits to be told (RFC 9110, section 10.1.1)."""
        self._asked = self.serving.loop.time()
        if self._http1.they_are_waiting_for_100_continue and self._http1.our_state is h11.SEND_RESPONSE:
            self.send(h11.InformationalResponse(status_code=100, headers=[]))

    def read_on(self) -> None:
        """See `SocketConnection`; what is there of the next request comes first.

        What is there of a request that has not come to its end, such as half the head of a chunk, needs more.
        """
        if self._http1.their_state in _COMING or not self._http1.trailing_data[0]:
            super().read_on()

    def respond(self, status: int, headers: Headers) -> None:
        """Send the headers of a response.

        They say so where the connection ends with it, or the client would send its next request on it (RFC
        9112, section 9.6).
        """
        ends = self._last or self._http1.their_state is h11.SEND_BODY
        closing = [(b"connection", b"close")] if ends else []
        self.send(h11.Response(status_code=status, headers=[*headers, *closing]))

    def send(self, event: h11.Event) -> None:
        """Send a part of a response."""
        self._output.append(self._http1.send(event) or b"")
        self.flush_soon()

    def ended(self) -> None:
        """Take the next request after a response; a client that has not sent all of its own is cut off."""
        self._exchange = None
        if self._http1.our_state is h11.DONE and self._http1.their_state is h11.DONE and not self._last:
            self._http1.start_next_cycle()
            self.alarm.set(Due.IDLE, self.serving.loop.time() + self.serving.timeouts.connection_idle)
            self.serving.loop.call_soon(self._take_next)
        else:
            self.close()

    async def room(self) -> None:
        """Wait while the socket takes no more."""
        while self.is_held and not self.closing:
            self._room = self._room or self.serving.loop.create_future()
            await asyncio.shield(self._room)

    def refuse(self, status: int, why: str) -> None:
        """Answer a request that cannot be handled, if no answer has begun, and close."""
        if self._http1.our_state in (h11.IDLE, h11.SEND_RESPONSE) and not self.closing:
            text = f"{why}\n".encode()
            headers = [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", b"%d" % len(text)),
                (b"connection", b"close"),
            ]
            self.send(h11.Response(status_code=status, headers=headers))
            with suppress(h11.LocalProtocolError):  # What answers HEAD has no body.
                self.send(h11.Data(data=text))
        self.close()

    def on_time(self, due: Due, now: float) -> None:
        """See `SocketConnection`."""
        if due is Due.IDLE and self._exchange is None:
            self.close()
        elif due is Due.HANDSHAKE and self._exchange is None:
            self.timed_out("handshake")
            self.refuse(408, "the head of a request did not come in time")
        elif due is Due.KEEPALIVE and self._exchange is not None:
            self._expect_body(now)

    def take_turn(self) -> None:
        """See `SocketConnection`."""
        self._advance()

    @property
    def _awaits_next(self) -> bool:
        """Whether there is to be a turn for others before the next request; one that has begun goes on."""
        return self.awaits_turn and self._exchange is None

    def _take_next(self) -> None:
        if not (self.closing or self.awaits_turn):
            self.transport.resume_reading()
            self._advance()

    def _advance(self) -> None:
        """Take what h11 has understood, as long as it is one request's."""
        try:
            while not (self.closing or self._awaits_next):
                event = self._http1.next_event()
                if event is h11.NEED_DATA:
                    return
                if event is h11.PAUSED:
                    self._wait_for_response()
                    return
                self._on_event(event)
        except h11.RemoteProtocolError as error:
            self.refuse(error.error_status_hint, str(error))

    def _wait_for_response(self) -> None:
        if self._http1.trailing_data[0]:
            self.transport.pause_reading()

    def _on_event(self, event: object) -> None:
        if isinstance(event, h11.Request):
            self._on_request(event)
            return
        # Nothing else is taken for a request that nobody handles.
        body = cast("Http1Exchange", self._exchange).body
        if isinstance(event, h11.Data):
            body.feed(bytes(event.data), len(event.data), ended=False)
            if body.held > MOST_UNREAD:
                self.transport.pause_reading()
        else:
            body.feed(b"", 0, ended=True)

    def _on_request(self, request: h11.Request) -> None:
        self.place.asked()
        if wait := self.place.read(0, 1):
            self.wait_for_turn(wait)
        self.alarm.clear(Due.HANDSHAKE, Due.IDLE)
        names = {name for name, _ in request.headers}
        if request.method == b"CONNECT":
            self.refuse(501, "this is no proxy")
        elif b"transfer-encoding" in names and b"content-length" in names:
            # Whoever stands before us may have believed the other one (RFC 9112, section 6.1).
            self.refuse(400, "transfer-encoding and content-length exclude each other")
        else:
            self._exchange = Http1Exchange(self, request)
            self._exchange.task = self.serving.start(self._exchange)
            self._watch_body(self.received)

    def _watch_body(self, since: float) -> None:
        times = self.serving.timeouts
        self.alarm.set(Due.KEEPALIVE, since + times.keepalive_time + times.ping_timeout)

    def _expect_body(self, now: float) -> None:
        """Give up on a client that sends nothing of the body that somebody waits for."""
        exchange, times = self._exchange, self.serving.timeouts
        since = max(self.received, self._asked)
        if exchange is None or not exchange.body.is_awaited:
            self._watch_body(now)
        elif now - since >= times.keepalive_time + times.ping_timeout:
            self.timed_out("body")
            self.abort()
        else:
            self._watch_body(since)

    def _wake(self) -> None:
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)
