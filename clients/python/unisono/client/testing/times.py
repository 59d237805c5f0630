"""Times as the service reckons with them: whole milliseconds, since 1970 or as a span."""

from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def length(span: timedelta) -> int:
    """A span in milliseconds, cut."""
    return span // _MILLISECOND


def since_1970(time: datetime) -> int:
    """An aware time in milliseconds, cut."""
    return length(time - _EPOCH)


def as_datetime(millis: int) -> datetime:
    """The aware time, in UTC."""
    return _EPOCH + millis * _MILLISECOND


def millis(wire: Timestamp | Duration) -> int:
    """A time or a span of the wire, cut."""
    return wire.seconds * 1000 + wire.nanos // 1_000_000


def timestamp(millis: int) -> Timestamp:
    """A time for the wire."""
    return Timestamp(seconds=millis // 1000, nanos=millis % 1000 * 1_000_000)


def duration(millis: int) -> Duration:
    """A span for the wire; not less than zero."""
    return Duration(seconds=millis // 1000, nanos=millis % 1000 * 1_000_000)
