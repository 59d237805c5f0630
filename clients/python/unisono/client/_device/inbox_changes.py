"""What a complete point brings to an inbox, as values."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from unisono.client._model import Event, Notification
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What was received since the last complete point.

    `rows` has the new message of each changed notification, None for one that is gone. `renewed` are those
    whose content is new. `anew`: all was received, and what was held before is discarded.
    """

    rows: Mapping[str, pb.Notification | None]
    renewed: Set[str]
    anew: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxChanges:
    """The changes of a complete point: its events by ascending revision, and what is to be saved.

    `rows` has the new message of each changed notification, None for one that is gone; `shown` the same as
    users see it, without those that are gone. `point` is the position, in the life `feed_epoch` of the feed.
    """

    events: tuple[Event, ...]
    rows: Mapping[str, pb.Notification | None]
    shown: Mapping[str, Notification]
    point: feed_pb.SubscribeResponse
    feed_epoch: bytes = b""


def one_ring(events: Sequence[Event]) -> list[Event]:
    """Return the events, of which only the newest that rings does: one sound for all that was missed."""
    last = max((event.revision for event in events if event.ring), default=None)
    return [replace(event, ring=event.revision == last and event.ring) for event in events]


def alone(event: feed_pb.Event) -> feed_pb.Event:
    """Return a copy of the event, which does not keep the whole message in memory that it came in."""
    copy = feed_pb.Event()
    copy.CopyFrom(event)
    return copy
