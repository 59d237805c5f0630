"""One gRPC call over HTTP/2: the framing of messages, and the status that it ended with."""

import base64
import struct
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

import grpc
from google.rpc import error_details_pb2, status_pb2
from hpack import Encoder

#: Whether the message is compressed, and its length.
_PREFIX: Final = struct.Struct(">?I")

_CODES: Final = {code.value[0]: code.name for code in grpc.StatusCode}

#: What gRPC makes of a stream that was reset (gRPC over HTTP/2, "HTTP2 Transport Mapping", errors).
_RESETS: Final = {0x7: "UNAVAILABLE", 0x8: "CANCELLED", 0xB: "RESOURCE_EXHAUSTED", 0xC: "PERMISSION_DENIED"}


class Status(NamedTuple):
    """The end of a call: the name of gRPC's code, and the reason of the service, empty without one."""

    code: str
    reason: str = ""


#: The status of calls whose connection ended, as gRPC has it.
LOST: Final = Status("UNAVAILABLE")


class Call:
    """Calls `on_message` with each message that is received, and `end` once with the status."""

    def __init__(self, on_message: Callable[[bytes], None], end: Callable[[Status], None]) -> None:
        self._on_message = on_message
        self._end = end
        self._received = bytearray()

    def begin(self, headers: Mapping[str, str]) -> None:
        """Know that the call is answered: of gRPC's first headers nothing is needed."""

    def take(self, data: bytes) -> None:
        """Add data that was received; messages may be split anywhere."""
        received = self._received
        received += data
        while len(received) >= _PREFIX.size:
            end = _PREFIX.size + int(_PREFIX.unpack_from(received)[1])
            if len(received) < end:
                return
            marked, message = received[0], bytes(received[_PREFIX.size : end])
            del received[:end]
            if marked:
                self._take_last(message)
            else:
                self._on_message(message)

    def _take_last(self, message: bytes) -> None:
        """Take a message that is marked: gRPC that is not compressed has none."""
        raise AssertionError(message)

    def close(self, trailers: Mapping[str, str]) -> None:
        """End the call with the status in the trailers."""
        code = _CODES.get(int(trailers.get("grpc-status", "2")), "UNKNOWN")
        self._end(Status(code, _reason(trailers.get("grpc-status-details-bin", ""))))

    def reset(self, error: int) -> None:
        """End the call with the status for a stream that the peer reset with this error code."""
        self._end(Status(code_of_reset(error)))

    def lose(self) -> None:
        """End the call because the connection is lost."""
        self._end(LOST)


def code_of_reset(error: int) -> str:
    """Return the name of gRPC's code for a stream that was reset with this error code."""
    return _RESETS.get(error, "INTERNAL")


def framed(body: bytes) -> bytes:
    """Return a message with its prefix, as gRPC sends it."""
    return _PREFIX.pack(False, len(body)) + body


def request_fields(path: str, authority: str, token: str, scheme: str = "http") -> list[tuple[str, str]]:
    """Return the headers of a request."""
    return [
        (":method", "POST"),
        (":scheme", scheme),
        (":path", path),
        (":authority", authority),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("authorization", f"Bearer {token}"),
    ]


def header_block(fields: Iterable[tuple[str, str]], *, huffman: bool = True) -> bytes:
    """Return the block of headers; it adds nothing to the peer's table, and can be sent again."""
    return bytes(Encoder().encode([(name, value, True) for name, value in fields], huffman=huffman))


@lru_cache(maxsize=4096)
def request_headers(path: str, authority: str, token: str, scheme: str = "http") -> bytes:
    """Return the header block of a request."""
    return header_block(request_fields(path, authority, token, scheme))


def _reason(details: str) -> str:
    """The reason among the details, which are in base64 without padding."""
    status = status_pb2.Status.FromString(base64.b64decode(details + "=" * (-len(details) % 4)))
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info):
            return info.reason
    return ""
