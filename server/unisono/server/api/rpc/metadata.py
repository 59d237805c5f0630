"""Metadata of gRPC as headers of HTTP: in what a client sends, and in what ends a call."""

from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Iterable, Iterator
from typing import Final

from unisono.server.api.http.exchange import Header

_BINARY: Final = b"-bin"


def received(name: bytes, value: bytes) -> Iterator[tuple[str, str | bytes]]:
    """Yield the entries of one header: those of a "-bin" are base64, padded or not, and joined by commas.

    Raises `ValueError` where they are not.
    """
    if not name.endswith(_BINARY):
        yield name.decode("ascii"), _text(value)
        return
    for part in value.split(b","):
        yield name.decode("ascii"), _unpacked(part.strip())


def sent(metadata: Iterable[tuple[str, str | bytes]]) -> tuple[Header, ...]:
    """Return the headers of metadata: values of "-bin" in base64, without padding as specified."""
    return tuple((key.encode("ascii"), _packed(value)) for key, value in metadata)


def _text(value: bytes) -> str:
    """Return text that ought to be ASCII as grpcio does where it is not."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _unpacked(value: bytes) -> bytes:
    bare = value.rstrip(b"=")
    try:
        return a2b_base64(bare + b"=" * (-len(bare) % 4), strict_mode=True)
    except Error as error:
        raise ValueError("binary metadata is not base64") from error


def _packed(value: str | bytes) -> bytes:
    if isinstance(value, bytes):
        return b2a_base64(value, newline=False).rstrip(b"=")
    return value.encode("ascii")
