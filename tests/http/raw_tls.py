"""A client of TLS that sends what it likes, encrypted or not."""

import asyncio
import ssl
from contextlib import suppress

from tests.http.listening import HOST
from tests.support.processes import TIMEOUT


class RawTls:
    """Speaks through a connection on which nothing has been said."""

    def __init__(
        self, context: ssl.SSLContext, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=HOST)

    def hello(self) -> bytes:
        """Return how a handshake begins."""
        with suppress(ssl.SSLWantReadError):
            self._tls.do_handshake()
        return self._outgoing.read()

    async def shake_hands(self, then: bytes = b"") -> None:
        """Lead the handshake to its end, and send with that, at once, what is to be encrypted."""
        self.forward(self.hello())
        async with asyncio.timeout(TIMEOUT):
            while True:
                self._incoming.write(await self._reader.read(65_536))
                with suppress(ssl.SSLWantReadError):
                    self._tls.do_handshake()
                    break
        if then:
            self._tls.write(then)
        self.forward(self._outgoing.read())

    async def answered(self) -> None:
        """Wait for the first of what the server says."""
        async with asyncio.timeout(TIMEOUT):
            self._incoming.write(await self._reader.read(65_536))

    @property
    def unsent(self) -> int:
        """How many bytes wait for the socket."""
        return self._writer.transport.get_write_buffer_size()

    def say(self, data: bytes) -> None:
        """Send what is encrypted before."""
        self._tls.write(data)
        self.forward(self._outgoing.read())

    def say_last(self, data: bytes) -> None:
        """Send what is encrypted before, and with it, at once, that nothing follows (close_notify)."""
        self._tls.write(data)
        with suppress(ssl.SSLWantReadError):
            self._tls.unwrap()
        self.forward(self._outgoing.read())

    def say_each(self, data: bytes) -> None:
        """Send each byte in a record of its own, and all records at once."""
        for byte in data:
            self._tls.write(bytes((byte,)))
        self.forward(self._outgoing.read())

    def forward(self, data: bytes) -> None:
        """Send it as it is."""
        self._writer.write(data)

    async def rest(self) -> bytes:
        """Wait for the end of the connection, and return what came until then."""
        found = b""
        async with asyncio.timeout(TIMEOUT):
            self._incoming.write(await self._reader.read())
        while data := self._tls.read(65_536):
            found += data
        return found

    def abort(self) -> None:
        """Close the connection at once."""
        self._writer.transport.abort()
