"""Encrypts a connection: a protocol to the socket, a transport to the connection."""

import asyncio
import ssl
from contextlib import suppress
from typing import Any, Final, cast

from unisono.server.api.http.tls.records import RECORD, Records
from unisono.server.model.client_certificate import ClientCertificate

MOST_EMPTY: Final = 100
"""Records of a client that may carry nothing, such as those that ask for new keys, and make us answer.

Libraries change keys after millions of records, and end who does so a few times in a row; so do we, whatever
comes between.
"""


class TlsTransport(asyncio.Transport, asyncio.Protocol):
    """Encrypts what is written, and decrypts what comes. The handshake is over."""

    __slots__ = (
        "_client_certificate",
        "_empty",
        "_incoming",
        "_is_over",
        "_outgoing",
        "_protocol",
        "_records",
        "_ssl",
        "_transport",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        tls: ssl.SSLObject,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        client_certificate: ClientCertificate | None,
    ) -> None:
        """`transport` is that of the socket; `tls` reads from `incoming`, and writes to `outgoing`."""
        self._transport: Final = transport
        self._ssl: Final = tls
        self._incoming: Final = incoming
        self._outgoing: Final = outgoing
        self._client_certificate: Final = client_certificate
        self._records: Final = Records()
        self._empty = 0
        self._protocol: asyncio.Protocol
        self._is_over = False

    def begin(self, protocol: asyncio.Protocol) -> None:
        """Take the place of the handshake at the socket, and have a protocol see what comes."""
        self._transport.set_protocol(self)
        self._protocol = protocol
        protocol.connection_made(self)
        # OpenSSL takes no byte of a record before it takes all of it.
        self.data_received(self._incoming.read())

    # What the socket tells.

    def data_received(self, data: bytes) -> None:
        """Decrypt what came, unless nothing is awaited any more."""
        for part, ended in self._records.parts(data):
            if self._is_over:
                return
            self._incoming.write(part)
            self._take(ended)

    def eof_received(self) -> None:
        """Take a client that is gone without a word for gone."""
        if not self._is_over:
            self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass it on, and let go of the connection, which holds this: cycles wait for the collector."""
        protocol = self._protocol
        del self._protocol
        protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass it on."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._protocol.resume_writing()

    # What the connection asks for.

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Have another protocol see what comes."""
        self._protocol = cast("asyncio.Protocol", protocol)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what is known of the socket, and "ssl_object" and "client_certificate" of its encryption."""
        if name == "client_certificate":
            return self._client_certificate
        return self._ssl if name == "ssl_object" else self._transport.get_extra_info(name, default)

    def get_write_buffer_size(self) -> int:
        """Return how many bytes wait for the socket."""
        return self._transport.get_write_buffer_size()

    def is_closing(self) -> bool:
        """Return whether nothing can be written any more."""
        return self._is_over or self._transport.is_closing()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and send. Not to be called once it `is_closing`."""
        view = memoryview(data)
        for start in range(0, len(view), RECORD):
            self._ssl.write(view[start : start + RECORD])
            self._send()

    def write_eof(self) -> None:
        """Say that nothing follows: in TLS (close_notify) and by the end of the socket's stream."""
        self._say_over()
        self._transport.write_eof()

    def close(self) -> None:
        """Send what waits, say that nothing follows, and close."""
        self._say_over()
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._is_over = True
        self._transport.abort()

    def pause_reading(self) -> None:
        """Read nothing more from the socket."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        self._transport.resume_reading()

    def _take(self, records: int) -> None:
        """Pass on all that can be decrypted at once, however small the records are in which it came."""
        parts, ended = list[bytes](), self._send
        try:
            while self._incoming.pending or self._ssl.pending():
                if not (part := self._ssl.read(RECORD)):
                    ended = self._on_notified
                    break
                parts.append(part)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            ended = self._fail
        self._empty += records - len(parts)
        if self._empty > MOST_EMPTY:
            ended = self.abort
        if parts:
            self._protocol.data_received(parts[0] if len(parts) == 1 else b"".join(parts))
        if not self._is_over:
            ended()

    def _send(self) -> None:
        if self._outgoing.pending and not self._transport.is_closing():
            self._transport.write(self._outgoing.read())

    def _fail(self) -> None:
        """Send the alert that says why, and close: what comes is no TLS, or not what the client sent."""
        self._is_over = True
        self._send()
        self._protocol.eof_received()
        self._transport.close()

    def _on_notified(self) -> None:
        """Close, since the client sends nothing more (RFC 8446, section 6.1)."""
        self._protocol.eof_received()
        self.close()

    def _say_over(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        # Whether the client says so, too, does not matter: nothing is read from it any more.
        with suppress(ssl.SSLError):
            self._ssl.unwrap()
        self._send()
