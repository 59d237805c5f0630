"""What connections of all versions do with their socket: send, hold back, find out who stalls, and close."""

import asyncio
import random
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Final, cast

import structlog

from unisono.server.api.http.alarm import Alarm, Due
from unisono.server.api.http.exchange import Headers
from unisono.server.api.http.peers import node_name, peer_name
from unisono.server.api.http.places import Place
from unisono.server.api.http.serving import Serving
from unisono.server.api.http.tcp import has_ended
from unisono.server.model.client_certificate import ClientCertificate

log = structlog.get_logger(__name__)

MOST_PILED: Final = 256 * 1024
"""Bytes that may be added to what waits for the socket before nothing more is read.

They are answers without bodies, for those are held back.
"""


class SocketConnection(asyncio.Protocol, ABC):
    """A connection whose version is known. `received` is when something came last.

    While it `awaits_turn`, nothing is taken of what comes.
    """

    __slots__ = (
        "_certificate",
        "_flushing",
        "_names_clients",
        "_paused",
        "_piled",
        "_progress_at",
        "_unsent",
        "alarm",
        "awaits_turn",
        "closing",
        "peer",
        "place",
        "received",
        "serving",
        "transport",
    )

    def __init__(self, serving: Serving, alarm: Alarm, opened: float, place: Place) -> None:
        """`opened` is when the client connected; the time for a handshake is running."""
        times = serving.timeouts
        self.place: Final = place
        self.serving: Final = serving
        self.peer = ""
        self._names_clients = False
        self._certificate: ClientCertificate | None = None
        self.closing = False
        self.awaits_turn = False
        self.received = opened
        self._flushing = False
        self._paused = False
        self._piled = 0
        self._unsent = 0
        self._progress_at = opened
        self.transport: asyncio.Transport
        self.alarm: Final = alarm
        alarm.hand_over(self.on_due)
        # Not for security: connections that began together are not to end together.
        alarm.set(Due.AGE, opened + times.connection_age * random.uniform(0.9, 1.1))  # noqa: S311

    @abstractmethod
    def take_output(self) -> bytes:
        """Return what is to be sent, and forget it."""

    @abstractmethod
    def drain(self) -> None:
        """Take no more requests, and close when those that run have ended."""

    @abstractmethod
    def drop_exchanges(self) -> None:
        """Cancel the tasks of what runs: the client is gone."""

    @abstractmethod
    def take_turn(self) -> None:
        """Go on with what came when it was not this client's turn."""

    @abstractmethod
    def on_time(self, due: Due, now: float) -> None:
        """Act on a deadline that concerns the version."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over the socket."""
        self.transport = cast("asyncio.Transport", transport)
        name, proxies = transport.get_extra_info("peername"), self.serving.proxies
        self.peer = peer_name(name)
        self._names_clients = bool(proxies.header) and proxies.trusts(name)
        self._certificate = transport.get_extra_info("client_certificate")
        self.serving.connections.add(self)
        log.debug("connected", peer=self.peer)

    def peer_of(self, headers: Headers) -> str:
        """Return the name of who sends a request: of the client that a trusted proxy names, or the peer's."""
        if not self._names_clients:
            return self.peer
        node = self.serving.proxies.client(headers)
        return self.peer if node is None else node_name(node)

    def is_proxied(self, headers: Headers) -> bool:
        """Return whether a trusted proxy names the client, of the request or of the whole connection."""
        named = self._names_clients and self.serving.proxies.client(headers) is not None
        return named or bool(self.transport.get_extra_info("proxied"))

    def certificate_of(self, headers: Headers) -> ClientCertificate | None:
        """Return the certificate of who sends a request: that of a trusted proxy is not its clients'."""
        return self.serving.proxies.certificate(headers) if self._names_clients else self._certificate

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget everything."""
        self.closing = True
        self.alarm.close()
        self.place.leave()
        self.serving.closed(self)
        self.drop_exchanges()
        log.debug("disconnected", peer=self.peer, error=None if exc is None else str(exc))

    def eof_received(self) -> None:
        """Take who sends no more for gone; what it was sent before goes out still."""
        self.closing = True
        self.drop_exchanges()

    def known(self) -> None:
        """Know that a client of this connection has shown who it is: it waits with strangers no more."""
        self.place.known()
        if self.alarm.is_set(Due.TURN):
            self.alarm.clear(Due.TURN)
            self.serving.loop.call_soon(self._on_turn)

    def timed_out(self, awaited: str) -> None:
        """Count what was awaited of the client in vain; see `connection_metrics.AWAITED`."""
        if not self.closing:
            self.serving.metrics.timed_out[awaited] += 1

    def read_on(self) -> None:
        """Take more from the socket, unless others have their turn, or its client does not read itself."""
        if not (self.closing or self.awaits_turn or self._piled > MOST_PILED):
            self.transport.resume_reading()

    def wait_for_turn(self, seconds: float) -> None:
        """Take nothing more until others had their turn, or for so many seconds."""
        self.awaits_turn = True
        self.transport.pause_reading()
        if seconds:
            self.alarm.set(Due.TURN, self.serving.loop.time() + seconds)
        else:
            self.serving.loop.call_soon(self._on_turn)

    @property
    def is_held(self) -> bool:
        """Whether the socket takes no more."""
        return self._paused

    def pause_writing(self) -> None:
        """Hold bodies back."""
        self._paused = True

    def resume_writing(self) -> None:
        """Go on."""
        self._paused = False
        piled, self._piled = self._piled, 0
        if piled > MOST_PILED:
            self.read_on()

    def flush_soon(self) -> None:
        """Send, once those who run now have had their turn."""
        if not self._flushing:
            self._flushing = True
            self.serving.loop.call_soon(self.flush)

    def flush(self) -> None:
        """Send what there is."""
        self._flushing = False
        if self.closing or self.transport.is_closing():
            return
        data = self.take_output()
        if not data:
            return
        if self._paused:
            self._pile(len(data))
        self.transport.write(data)
        waiting = self.transport.get_write_buffer_size()
        if waiting:
            self._watch(waiting, len(data))

    def close(self) -> None:
        """Send what there is, and end; what the client still sends is read for a while, and dropped."""
        if self.closing:
            return
        self.flush()
        self.closing = True
        self.drop_exchanges()
        now = self.serving.loop.time()
        self.alarm.clear(*(due for due in Due if due is not Due.STALLED))
        self.alarm.set(Due.LINGER, now + self.serving.timeouts.linger)
        with suppress(OSError):  # The client may be gone already.
            self.transport.write_eof()
        self.transport.resume_reading()

    def abort(self) -> None:
        """Close at once."""
        self.closing = True
        self.drop_exchanges()
        self.transport.abort()

    def on_due(self, due: Due, now: float) -> None:
        """Act on a deadline."""
        if due is Due.STALLED:
            self._on_stalled(now)
        elif due is Due.LINGER:
            self._on_lingered(now)
        elif due is Due.GRACE:
            self.abort()
        elif due is Due.AGE:
            self.drain()
        elif due is Due.TURN:
            self._on_turn()
        else:
            self.on_time(due, now)

    def _on_turn(self) -> None:
        self.awaits_turn = False
        if self.closing:
            return
        if has_ended(self.transport):
            # Nothing was read meanwhile. A device that came anew is not superseded by what it gave up.
            self.abort()
            return
        self.take_turn()
        self.read_on()

    def _pile(self, written: int) -> None:
        """Read nothing more from a client that makes us answer, and does not take the answers."""
        self._piled += written
        if self._piled > MOST_PILED:
            self.transport.pause_reading()

    def _watch(self, waiting: int, written: int) -> None:
        """See to it that what waits for the socket goes out in time."""
        self._unsent = self._unsent + written if self.alarm.is_set(Due.STALLED) else waiting
        if not self.alarm.is_set(Due.STALLED):
            self._progress_at = self.serving.loop.time()
            self._watch_on(self._progress_at)

    def _watch_on(self, now: float) -> None:
        self.alarm.set(Due.STALLED, now + self.serving.timeouts.stalled_write / 4)

    def _on_stalled(self, now: float) -> None:
        waiting = self.transport.get_write_buffer_size()
        if not waiting:
            return
        if waiting < self._unsent:
            self._unsent, self._progress_at = waiting, now
        if now - self._progress_at >= self.serving.timeouts.stalled_write:
            self.timed_out("reader")
            self.abort()
        else:
            self._watch_on(now)

    def _on_lingered(self, now: float) -> None:
        if self.transport.get_write_buffer_size():
            self.alarm.set(Due.LINGER, now + self.serving.timeouts.linger)
        else:
            self.transport.close()
