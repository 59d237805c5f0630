"""A connection until its first bytes say which version of HTTP it speaks."""

import asyncio
import re
from collections.abc import Callable
from enum import Enum
from typing import Final, cast

from unisono.server.api.http.alarm import Alarm, Due
from unisono.server.api.http.h2.frames import PREFACE
from unisono.server.api.http.http1_connection import Http1Connection
from unisono.server.api.http.http2_connection import Http2Connection
from unisono.server.api.http.places import Place
from unisono.server.api.http.serving import Serving
from unisono.server.api.http.tcp import prepare

LONGEST_LINE: Final = 8 * 1024
"""Bytes of a first line that is waited for. A longer one is left to HTTP/1.1, which says what is wrong."""

_REQUEST_LINE: Final = re.compile(rb"[!-~]+ [!-~]+ HTTP/1\.[0-9]\r?")

_HELLO: Final = b"\x16\x03"
"""How a handshake of TLS begins (RFC 8446, section 5.1: the type of the record, and the major version)."""


def bad_request(text: bytes) -> bytes:
    """Return an answer of HTTP/1.1 with a line of text, for whoever came to the wrong port."""
    head = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: %d\r\nconnection: close"
    return head % (len(text) + 1) + b"\r\n\r\n" + text + b"\n"


_NO_TLS: Final = bad_request(b"This port does not speak TLS")
"""What whoever speaks TLS is told: it fails at once, and waits for no time-out."""


class Version(Enum):
    """What the first bytes are."""

    HTTP_2 = 1
    HTTP_1 = 2
    TLS = 3
    NEITHER = 4


def version_of(data: bytes) -> Version | None:
    """Return which version begins so, None while it cannot be told (RFC 9113, section 3.4; RFC 9112, 3)."""
    if data.startswith(PREFACE):
        return Version.HTTP_2
    if data.startswith(_HELLO):
        return Version.TLS
    line, complete, _ = data.lstrip(b"\r\n").partition(b"\n")
    if PREFACE.startswith(data) or (not complete and len(data) < LONGEST_LINE):
        return None
    return Version.HTTP_1 if not complete or _REQUEST_LINE.fullmatch(line) else Version.NEITHER


class Opening(asyncio.Protocol):
    """Hands the connection over to its version. Who speaks neither gets no answer."""

    __slots__ = ("_admit", "_alarm", "_buffer", "_opened", "_place", "_serving", "_transport")

    def __init__(self, serving: Serving, admit: Callable[[asyncio.Transport], Place]) -> None:
        """`admit` returns the place of the connection; see `Serving.admit`."""
        self._serving: Final = serving
        self._admit: Final = admit
        self._place: Place
        self._buffer = b""
        self._opened = serving.loop.time()
        self._alarm: Final = Alarm(serving.loop, self._on_due)
        self._alarm.set(Due.HANDSHAKE, self._opened + serving.timeouts.handshake)
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait."""
        serving = self._serving
        self._transport = cast("asyncio.Transport", transport)
        serving.connections.add(self)
        self._place = self._admit(self._transport)
        prepare(transport.get_extra_info("socket"), serving.timeouts)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._alarm.close()
        self._place.leave()
        self._serving.closed(self)

    def data_received(self, data: bytes) -> None:
        """Decide, as soon as that is possible."""
        self._buffer += data
        version = version_of(self._buffer)
        if version is Version.HTTP_2:
            self._hand_over(Http2Connection(self._serving, self._alarm, self._opened, self._place))
        elif version is Version.HTTP_1:
            self._hand_over(Http1Connection(self._serving, self._alarm, self._opened, self._place))
        elif version is not None:
            if version is Version.TLS:
                self._transport.write(_NO_TLS)
            self._transport.close()

    def drain(self) -> None:
        """Close: there is nothing yet that could be ended well."""
        self.abort()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def _hand_over(self, connection: Http1Connection | Http2Connection) -> None:
        self._transport.set_protocol(connection)
        connection.connection_made(self._transport)
        self._serving.closed(self)
        connection.data_received(self._buffer)

    def _on_due(self, due: Due, now: float) -> None:
        self._serving.metrics.timed_out["handshake"] += 1
        self.abort()
