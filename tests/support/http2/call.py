"""One gRPC call: the request as bytes, the messages of the answer, and how it ended.

Knows the framing of gRPC over HTTP/2 and the status details of the service, and no connection.
"""

import base64
import struct
from collections.abc import Callable, Mapping
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
    """How a call ended: gRPC's code by name, and the reason of the service, if it gave one."""

    code: str
    reason: str = ""


#: A connection that ends takes its calls with it; gRPC calls that so.
LOST: Final = Status("UNAVAILABLE")


class Call:
    """Tells of each message, and once of the end."""

    def __init__(self, on_message: Callable[[bytes], None], end: Callable[[Status], None]) -> None:
        self._on_message = on_message
        self._end = end
        self._received = bytearray()

    def take(self, data: bytes) -> None:
        """More of the messages."""
        received = self._received
        received += data
        while len(received) >= _PREFIX.size:
            end = _PREFIX.size + int(_PREFIX.unpack_from(received)[1])
            if len(received) < end:
                return
            message = bytes(received[_PREFIX.size : end])
            del received[:end]
            self._on_message(message)

    def close(self, trailers: Mapping[str, str]) -> None:
        """The answer is complete."""
        code = _CODES.get(int(trailers.get("grpc-status", "2")), "UNKNOWN")
        self._end(Status(code, _reason(trailers.get("grpc-status-details-bin", ""))))

    def reset(self, error: int) -> None:
        """The peer gave the stream up."""
        self._end(Status(_RESETS.get(error, "INTERNAL")))

    def lose(self) -> None:
        """There is nobody any more who could answer."""
        self._end(LOST)


def framed(body: bytes) -> bytes:
    """A message as it travels."""
    return _PREFIX.pack(False, len(body)) + body


@lru_cache(maxsize=4096)
def request_headers(path: str, authority: str, token: str) -> bytes:
    """The header block of a request. It leaves no trace in the peer's table, so it can be sent again."""
    headers = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", authority),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("authorization", f"Bearer {token}"),
    ]
    return bytes(Encoder().encode([(name, value, True) for name, value in headers]))


def _reason(details: str) -> str:
    """The reason among the details, which are in base64 without padding."""
    status = status_pb2.Status.FromString(base64.b64decode(details + "=" * (-len(details) % 4)))
    info = error_details_pb2.ErrorInfo()
    for detail in status.details:
        if detail.Unpack(info):
            return info.reason
    return ""
