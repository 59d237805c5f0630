"""Finds the ends of the records of TLS in what comes (RFC 8446, section 5.1), which needs no key.

So OpenSSL is given few records at a time, and each that carries nothing can be counted: one that asks for new
keys has 27 bytes, and takes it a tenth of a millisecond.
"""

from collections.abc import Iterator
from typing import Final

RECORD: Final = 16 * 1024
"""Bytes that a record may carry, and that are given at a time.

The buffers that OpenSSL reads from and writes to never shrink: no more than that is put into them.
"""

AT_ONCE: Final = 32
"""Records that are given at a time."""

_HEAD: Final = 5
_LENGTH: Final = slice(3, 5)
"""Bytes before a record, and where its length is among them."""


class Records:
    """The records of one client, from the beginning of one on."""

    __slots__ = ("_head", "_left")

    def __init__(self) -> None:
        #: What came of a head that is not whole, and how many bytes of a record are to come.
        self._head = b""
        self._left = 0

    def parts(self, data: bytes) -> Iterator[tuple[memoryview, int]]:
        """Yield parts of what came, each with how many records end in it."""
        view = memoryview(self._head + data if self._head else data)
        start = at = ended = 0
        while at < len(view):
            if not self._left:
                if len(view) - at < _HEAD:
                    break
                self._left = _HEAD + int.from_bytes(view[at:][_LENGTH])
            step = min(self._left, len(view) - at, start + RECORD - at)
            at += step
            self._left -= step
            ended += not self._left
            if ended == AT_ONCE or at - start == RECORD:
                yield view[start:at], ended
                start, ended = at, 0
        self._head = bytes(view[at:])
        if at > start:
            yield view[start:at], ended
