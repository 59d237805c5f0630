"""Messages with their prefix of five bytes, split over parts of a body in any way. Without I/O."""

import zlib
from struct import Struct
from typing import Final

from unisono.server.api.sizes import too_large

_PREFIX: Final = Struct(">BI")
IDENTITY: Final = b"identity"
GZIP: Final = b"gzip"
"""How messages may be encoded, as headers name it."""

GZIP_WINDOW: Final = 31
"""The window of zlib (15) with the header and the trailer of gzip (16)."""


class MalformedMessage(Exception):
    """A message breaks the protocol; the text says how."""


def framed(message: bytes, flag: int = 0) -> bytes:
    """Return a message with its prefix, not compressed; `flag` marks those that end a stream."""
    return _PREFIX.pack(flag, len(message)) + message


class MessageReader:
    """Holds what came of the next messages. With `gzip`, messages may be compressed, and need not be."""

    __slots__ = ("_buffer", "_gzip")

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._buffer = bytearray()

    @property
    def is_empty(self) -> bool:
        """Whether no message has begun."""
        return not self._buffer

    def feed(self, part: bytes) -> None:
        """Take a part of the body."""
        self._buffer += part

    def next(self, limit: int) -> bytes | None:
        """Return the next message, None while it has not come as a whole.

        Raises `RequestTooLarge` as soon as it is known to have more than `limit` bytes, which is before they
        came, and `MalformedMessage`.
        """
        if len(self._buffer) < _PREFIX.size:
            return None
        flag, size = _PREFIX.unpack_from(self._buffer)
        if flag > self._gzip:
            raise MalformedMessage("a message is compressed as nobody said, or its flag is unknown")
        if size > limit:
            raise too_large(size, limit)
        end = _PREFIX.size + size
        if len(self._buffer) < end:
            return None
        message = bytes(memoryview(self._buffer)[_PREFIX.size : end])
        del self._buffer[:end]
        return unzipped(message, limit) if flag else message


def unzipped(data: bytes, limit: int) -> bytes:
    """Return what was compressed. Raises `RequestTooLarge` beyond `limit` bytes, and `MalformedMessage`."""
    unzip = zlib.decompressobj(GZIP_WINDOW)
    try:
        # One byte more than there may be, never all that a bomb has.
        message = unzip.decompress(data, limit + 1)
    except zlib.error as error:
        raise MalformedMessage("a message is not compressed by gzip") from error
    if len(message) > limit:
        raise too_large(len(message), limit)
    if not unzip.eof or unzip.unused_data:
        raise MalformedMessage("a message is not one whole piece of gzip")
    return message
