"""Conversions of times to whole milliseconds, in which the service counts: since 1970, or as a span."""

from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def length(span: timedelta) -> int:
    """Return a span in milliseconds, rounded down."""
    return span // _MILLISECOND


def since_1970(time: datetime) -> int:
    """Return an aware time in milliseconds since 1970, rounded down. Raises `TypeError` for a naive one."""
    return length(time - _EPOCH)


def as_datetime(millis: int) -> datetime:
    """Return milliseconds since 1970 as an aware time in UTC."""
    return _EPOCH + millis * _MILLISECOND


def millis(wire: Timestamp | Duration) -> int:
    """Return a protobuf time in milliseconds since 1970, or a span in milliseconds, rounded down."""
    return wire.seconds * 1000 + wire.nanos // 1_000_000


def timestamp(millis: int) -> Timestamp:
    """Return milliseconds since 1970 as a protobuf time."""
    return Timestamp(seconds=millis // 1000, nanos=millis % 1000 * 1_000_000)


def duration(millis: int) -> Duration:
    """Return milliseconds, at least 0, as a protobuf span."""
    return Duration(seconds=millis // 1000, nanos=millis % 1000 * 1_000_000)
