"""Messages with a prefix of five bytes, as streams of Connect and all of gRPC-Web have them."""

import struct
from collections.abc import AsyncIterator
from typing import Final

from tests.support.web.answer import Answer
from tests.support.web.status import Misspoken

_PREFIX: Final = struct.Struct(">BI")


def enveloped(message: bytes) -> bytes:
    """Return a message with its prefix."""
    return _PREFIX.pack(0, len(message)) + message


async def envelopes(answer: Answer) -> AsyncIterator[tuple[int, bytes]]:
    """Yield flags and messages. Raises `AnswerBroken`, and `Misspoken` where the last one is not whole."""
    received = bytearray()
    async for part in answer:
        received += part
        while len(received) >= _PREFIX.size:
            flags, size = _PREFIX.unpack_from(received)
            end = _PREFIX.size + size
            if len(received) < end:
                break
            message = bytes(received[_PREFIX.size : end])
            del received[:end]
            yield flags, message
    if received:
        raise Misspoken("the body ends within a message")
