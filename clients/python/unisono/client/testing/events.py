"""The events that a device at a position receives: those of its catch-up, and live ones."""

from collections.abc import Iterator

from unisono.client.testing.feed import ChangeType, Endpoint, Feed, Row
from unisono.client.testing.state import Position
from unisono.v1 import feed_service_pb2 as pb

#: The change types whose events carry the payload.
_NEWS = (pb.CHANGE_TYPE_CREATED, pb.CHANGE_TYPE_UPDATED)


def catch_up_events(feed: Feed, endpoint: Endpoint, position: Position, now: int) -> Iterator[pb.Event]:
    """Yield the net state after the position, by revision: each notification once, as it is now (Collapsed).

    Only what is meant for the endpoint. `now`, in ms since 1970, decides what still rings.
    """
    for row in sorted(feed.rows.values(), key=lambda row: row.message.revision):
        if row.message.revision <= position.cursor or not row.is_for(endpoint):
            continue
        alert = row.message.alert_revision > position.base and row.rings_at(now)
        if row.live or row.message.revision > position.base:
            yield _event(row, _why(row, position.known), alert=alert)


def live_events(feed: Feed, endpoint: Endpoint, position: Position) -> Iterator[pb.Event]:
    """Yield every change after the position that is meant for the endpoint, by revision."""
    for change in feed.changes[position.cursor :]:
        row = change.row
        if row.is_for(endpoint):
            alert = row.message.alert_revision > position.cursor and row.rings_at(change.time)
            yield _event(row, change.change_type, alert=alert, origin=change.origin)


def _why(row: Row, known: int) -> ChangeType:
    if row.removal is not None:
        return row.removal
    if row.create_revision > known:
        return pb.CHANGE_TYPE_CREATED
    return pb.CHANGE_TYPE_UPDATED if row.content_revision > known else pb.CHANGE_TYPE_STATE_CHANGED


def _event(row: Row, change_type: ChangeType, *, alert: bool, origin: str = "") -> pb.Event:
    event = pb.Event(
        notification_id=row.message.id,
        revision=row.message.revision,
        removed=not row.live,
        change_type=change_type,
        notification=row.message,
        origin_endpoint_id=origin,
        alert=alert,
    )
    if change_type not in _NEWS:
        event.notification.ClearField("payload")
    return event
