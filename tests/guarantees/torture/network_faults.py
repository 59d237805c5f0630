"""Proxies to a server that cut connections, are slow, or corrupt what they pass on."""

import asyncio
from collections.abc import Callable, Iterator
from random import Random
from typing import Final

from tests.support.proxies import CHUNK, Proxy, put

#: What an answer of HTTP/1.1 begins with (RFC 9112, section 4).
_HTTP1: Final = b"HTTP/1.1 "

#: An HTTP/2 frame begins with three bytes of length, one of type, one of flags and four of stream
#: (RFC 9113, section 4.1); DATA has the type 0 (section 6.1). A message of a stream is one DATA frame.
_HEAD: Final = 9
_DATA: Final = 0

#: Seconds: how long a piece is held up, and how long a connection stands still now and then.
_DELAY: Final = 0.02
_STALL: Final = 0.8


class CuttingProxy(Proxy):
    """Breaks each connection after some messages of the server, as many as `lengths` yields for it.

    `cut` is called at each cut.
    """

    def __init__(self, server: str, lengths: Iterator[int], cut: Callable[[], None]) -> None:
        super().__init__(server)
        self._lengths = lengths
        self._cut = cut

    async def answer(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """See `Proxy`."""
        try:
            await self._pass_on(source, sink, next(self._lengths))
        except asyncio.IncompleteReadError:
            return
        self._cut()

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, messages: int) -> None:
        """Pass on so many messages, whatever version of HTTP they come by."""
        # A frame's head and the beginning of an answer are of the same size.
        begin = await source.readexactly(_HEAD)
        if begin == _HTTP1:
            await _pass_on_http1(source, sink, messages)
            return
        while messages:
            await put(sink, begin + await source.readexactly(int.from_bytes(begin[:3], "big")))
            messages -= begin[3] == _DATA
            if messages:
                begin = await source.readexactly(_HEAD)


async def _pass_on_http1(source: asyncio.StreamReader, sink: asyncio.StreamWriter, messages: int) -> None:
    """Pass on so many messages: bodies of a known length, or chunks (RFC 9112, section 7.1)."""
    begin = _HTTP1
    while messages:
        head = begin + await source.readuntil(b"\r\n\r\n")
        await put(sink, head)
        fields = dict(line.partition(": ")[::2] for line in head.decode().lower().split("\r\n"))
        if "content-length" in fields:
            await put(sink, await source.readexactly(int(fields["content-length"])))
            messages -= 1
        else:
            messages -= await _pass_on_chunks(source, sink, messages)
        begin = b""


async def _pass_on_chunks(source: asyncio.StreamReader, sink: asyncio.StreamWriter, most: int) -> int:
    """Pass on chunks to the last one, or so many; return how many brought something."""
    passed = 0
    while passed < most:
        line = await source.readuntil(b"\r\n")
        size = int(line, 16)
        await put(sink, line + await source.readexactly(size + 2))
        if not size:
            break
        passed += 1
    return passed


class SlowProxy(Proxy):
    """Delays, stalls, and splits what it passes on into pieces of any size, both ways."""

    def __init__(self, server: str, random: Random) -> None:
        super().__init__(server)
        self._random = random

    async def ask(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """See `Proxy`."""
        while data := await source.read(CHUNK):
            await self._dribble(data, sink)

    async def answer(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """See `Proxy`."""
        await self.ask(source, sink)

    async def _dribble(self, data: bytes, sink: asyncio.StreamWriter) -> None:
        while data:
            size = self._random.choice((1, 7, 64, 1000, CHUNK))
            await self._hold_up()
            await put(sink, self.piece(data[:size]))
            data = data[size:]

    def piece(self, data: bytes) -> bytes:
        """Return what arrives of a piece."""
        return data

    async def _hold_up(self) -> None:
        if self._random.random() < 0.2:
            await asyncio.sleep(self._random.uniform(0, _DELAY))
        elif self._random.random() < 0.002:
            await asyncio.sleep(self._random.uniform(0, _STALL))


class CorruptingProxy(SlowProxy):
    """Flips a bit now and then, and calls `corrupted` each time."""

    def __init__(self, server: str, random: Random, corrupted: Callable[[], None]) -> None:
        super().__init__(server, random)
        self._corrupted = corrupted

    def piece(self, data: bytes) -> bytes:
        """See `SlowProxy`."""
        if self._random.random() > 0.004:
            return data
        self._corrupted()
        place = self._random.randrange(len(data))
        return data[:place] + bytes((data[place] ^ 1 << self._random.randrange(8),)) + data[place + 1 :]
