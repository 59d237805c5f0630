"""The errors of HTTP/2: of a whole connection, and of one stream."""

from enum import IntEnum
from typing import Final


class ErrorCode(IntEnum):
    """The codes of GOAWAY and RST_STREAM (RFC 9113, section 7)."""

    NO_ERROR = 0x0
    PROTOCOL_ERROR = 0x1
    INTERNAL_ERROR = 0x2
    FLOW_CONTROL_ERROR = 0x3
    SETTINGS_TIMEOUT = 0x4
    STREAM_CLOSED = 0x5
    FRAME_SIZE_ERROR = 0x6
    REFUSED_STREAM = 0x7
    CANCEL = 0x8
    COMPRESSION_ERROR = 0x9
    CONNECT_ERROR = 0xA
    ENHANCE_YOUR_CALM = 0xB
    INADEQUATE_SECURITY = 0xC
    HTTP_1_1_REQUIRED = 0xD


class ConnectionFailed(Exception):
    """The peer broke a rule that concerns the connection: it ends with a GOAWAY of this code."""

    def __init__(self, code: ErrorCode, why: str) -> None:
        super().__init__(why)
        self.code: Final = code
        self.why: Final = why


class StreamFailed(Exception):
    """The peer broke a rule that concerns one stream: it ends with an RST_STREAM of this code."""

    def __init__(self, stream_id: int, code: ErrorCode, why: str) -> None:
        super().__init__(why)
        self.stream_id: Final = stream_id
        self.code: Final = code
        self.why: Final = why


def broken(why: str) -> ConnectionFailed:
    """Return the error of a peer that does not speak HTTP/2 as it should (PROTOCOL_ERROR)."""
    return ConnectionFailed(ErrorCode.PROTOCOL_ERROR, why)
