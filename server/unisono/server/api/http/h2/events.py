"""What a connection tells whoever drives it."""

from typing import NamedTuple, TypeAlias

from unisono.server.api.http.h2.errors import ErrorCode
from unisono.server.api.http.h2.requests import RequestHead


class RequestReceived(NamedTuple):
    """A request has begun; with `ended`, it has no body."""

    stream_id: int
    head: RequestHead
    ended: bool


class DataReceived(NamedTuple):
    """A part of a body, and the bytes of the window that it took; with `ended`, it was the last."""

    stream_id: int
    data: bytes
    taken: int
    ended: bool


class StreamReset(NamedTuple):
    """A stream ended before its time: the client reset it, or broke a rule of it.

    It counts as open until `Connection.lingered` is called for it, once.
    """

    stream_id: int
    code: ErrorCode | int


class WriteResumed(NamedTuple):
    """What waited to be sent on a stream is gone, or some of it: there is room for more."""

    stream_id: int


class PingAnswered(NamedTuple):
    """The client answered the ping with these eight bytes."""

    payload: bytes


class PeerGoesAway(NamedTuple):
    """The client begins no more streams."""

    code: int


Event: TypeAlias = RequestReceived | DataReceived | StreamReset | WriteResumed | PingAnswered | PeerGoesAway
