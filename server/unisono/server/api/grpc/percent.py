"""The percent-encoding of `grpc-message`."""

from typing import Final
from urllib.parse import quote

_PLAIN: Final = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")


def encoded(message: str) -> bytes:
    """Return a message as the value of a header: "%" and all but printable ASCII are encoded.

    So are blanks at its ends, which the specification leaves as they are, and HTTP/2 forbids (RFC 9113,
    section 8.2.1).
    """
    inner = message.strip(" ")
    if not inner:
        return b"%20" * len(message)
    before = message.index(inner)
    after = len(message) - before - len(inner)
    return b"%20" * before + quote(inner, safe=_PLAIN, errors="replace").encode() + b"%20" * after
