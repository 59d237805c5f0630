"""How a connection of HTTP/2 lives and ends: greeted in time, probed when silent, and ended gracefully."""

from typing import Final, Protocol

from unisono.server.api.http.alarm import Alarm, Due
from unisono.server.api.http.h2.connection import Connection
from unisono.server.api.http.h2.errors import ConnectionFailed, ErrorCode
from unisono.server.api.http.timeouts import Timeouts

KEEPALIVE_PING: Final = b"unisono?"
LAST_PING: Final = b"unisono."
"""The payloads of our pings; the answer to the second one ends a connection that announced its end."""


class Living(Protocol):
    """A connection, as far as its life goes."""

    received: float

    @property
    def http2(self) -> Connection:
        """The protocol."""

    @property
    def alarm(self) -> Alarm:
        """The deadlines."""

    @property
    def is_held(self) -> bool:
        """Whether the socket takes no more."""

    @property
    def is_used(self) -> bool:
        """Whether a stream is open."""

    def timed_out(self, awaited: str) -> None:
        """Count what was awaited of the client in vain."""

    def flush_soon(self) -> None:
        """Send, once those who run now have had their turn."""

    def close(self) -> None:
        """Send what there is, and end."""

    def abort(self) -> None:
        """Close at once."""


class Http2Life:
    """Acts on deadlines. Times are in the seconds of the loop.

    It is told each time whose life it is: if it held its connection, what a lost one holds would wait for
    the garbage collector.
    """

    __slots__ = ("_draining", "_ended", "_pinged_at", "_times", "_unfinished", "_unused_since")

    def __init__(self, alarm: Alarm, times: Timeouts, opened: float, now: float) -> None:
        self._times: Final = times
        self._unused_since = opened
        self._draining = False
        self._ended = False
        self._pinged_at = now
        self._unfinished: int | None = None
        alarm.set(Due.SETTINGS, now + times.settings)
        alarm.set(Due.KEEPALIVE, opened + times.keepalive_time)
        alarm.set(Due.IDLE, opened + times.connection_idle)

    def drain(self, connection: Living, now: float) -> None:
        """Announce the end by a first GOAWAY; the second names the last stream, a ping later."""
        if not connection.alarm.is_set(Due.GRACE):
            connection.alarm.set(Due.GRACE, now + self._times.connection_age_grace)
        if self._draining:
            return
        self._draining = True
        connection.http2.announce_end()
        connection.http2.ping(LAST_PING)
        connection.alarm.set(Due.LAST_STREAM, now + self._times.last_stream)
        connection.flush_soon()

    def answered(self, connection: Living, payload: bytes) -> None:
        """Go on as a ping was answered."""
        if payload == LAST_PING and self._draining:
            self.end(connection)

    def end(self, connection: Living) -> None:
        """Take no more streams, and close when the last has ended."""
        if self._ended:
            return
        self._draining = self._ended = True
        connection.alarm.clear(Due.LAST_STREAM)
        connection.http2.end()
        if not connection.is_used:
            connection.close()

    def arrived(self, connection: Living, now: float) -> None:
        """See to it that what has begun to come is whole in time, however it is cut."""
        unfinished = connection.http2.unfinished
        if unfinished == self._unfinished:
            return
        self._unfinished = unfinished
        if unfinished is None:
            connection.alarm.clear(Due.FRAME)
        else:
            connection.alarm.set(Due.FRAME, now + self._times.frame)

    def unused(self, connection: Living, now: float) -> None:
        """Know that no stream is open any more."""
        self._unused_since = now
        if self._ended:
            connection.close()
        elif not connection.alarm.is_set(Due.IDLE):
            connection.alarm.set(Due.IDLE, now + self._times.connection_idle)

    def on_due(self, connection: Living, due: Due, now: float) -> None:
        """Act on a deadline."""
        if due is Due.KEEPALIVE:
            self._keep_alive(connection, now)
        elif due is Due.PONG:
            self._expect_answer(connection)
        elif due is Due.IDLE:
            self._end_unused(connection, now)
        elif due is Due.LAST_STREAM:
            self.end(connection)
        elif due is Due.SETTINGS:
            self._expect_settings(connection)
        elif due is Due.FRAME:
            connection.timed_out("frame")
            _fail(connection, ErrorCode.ENHANCE_YOUR_CALM, "a frame was not whole in time")
        elif due is Due.HANDSHAKE and not connection.http2.is_greeted:
            connection.timed_out("handshake")
            connection.abort()

    def _keep_alive(self, connection: Living, now: float) -> None:
        at = connection.received + self._times.keepalive_time
        if connection.is_held:
            # The ping would wait behind all else: whether the client takes that is judged elsewhere.
            at = now + self._times.keepalive_time
        if at > now:
            connection.alarm.set(Due.KEEPALIVE, at)
            return
        self._pinged_at = now
        connection.http2.ping(KEEPALIVE_PING)
        connection.flush_soon()
        connection.alarm.set(Due.PONG, now + self._times.ping_timeout)

    def _expect_answer(self, connection: Living) -> None:
        if connection.is_held or connection.received >= self._pinged_at:
            connection.alarm.set(Due.KEEPALIVE, connection.received + self._times.keepalive_time)
        else:
            connection.timed_out("pong")
            connection.abort()

    def _expect_settings(self, connection: Living) -> None:
        if not connection.http2.settings_acknowledged:
            connection.timed_out("settings")
            _fail(connection, ErrorCode.SETTINGS_TIMEOUT, "our settings were not acknowledged")

    def _end_unused(self, connection: Living, now: float) -> None:
        if connection.is_used:
            return
        at = self._unused_since + self._times.connection_idle
        if at > now:
            connection.alarm.set(Due.IDLE, at)
        else:
            self.drain(connection, now)


def _fail(connection: Living, code: ErrorCode, why: str) -> None:
    connection.http2.fail(ConnectionFailed(code, why))
    connection.close()
