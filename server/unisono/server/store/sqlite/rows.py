"""Converts records of the database into values of the model, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from unisono.server.model import (
    ChangeType,
    Counts,
    Endpoint,
    Feed,
    FeedKey,
    Notification,
    Platform,
    Priority,
    ReadState,
    SenderRole,
    UserActionState,
)
from unisono.server.model.target import target_of_key

Record = Sequence[Any]
Values = tuple[Any, ...]

FEED_COLUMNS = ("revision", "live", "size", "unread", "targets", "endpoints")
FIXED_COLUMNS = (
    "feed",
    "id",
    "app_notification_id",
    "sender_role",
    "target",
    "create_time",
    "create_revision",
)
CONTENT_COLUMNS = (
    "fingerprint",
    "group_name",
    "category",
    "priority",
    "display_time_to_live",
    "expire_time",
    "content_revision",
)
STATE_COLUMNS = (
    "read_state",
    "user_action_state",
    "action_id",
    "snooze_until",
    "update_time",
    "alert_time",
    "revision",
    "alert_revision",
    "rings_until",
    "kept",
    "changed_by",
    "changed_by_revision",
)


def feed(key: FeedKey, record: Record, targets: Mapping[str, Counts]) -> Feed:
    """Return the feed with the columns `sql.FEED` in the record, and these counts by target policy."""
    epoch, revision, floor, live, size, unread, endpoints = record
    return Feed(
        key=key,
        epoch=epoch,
        revision=revision,
        floor=floor,
        live=live,
        size=size,
        unread=unread,
        targets=targets,
        endpoints=endpoints,
    )


def feed_values(value: Feed) -> Values:
    """Return the columns of a feed that commits change, in the order of `FEED_COLUMNS`."""
    return value.revision, value.live, value.size, value.unread, len(value.targets), value.endpoints


def notification(key: FeedKey, record: Record) -> Notification:
    """Return the notification with the columns `sql.ROW` in the record."""
    return Notification(
        feed=key,
        id=record[0],
        app_notification_id=record[1],
        sender_role=SenderRole(record[2]),
        fingerprint=record[3],
        group_name=record[4],
        priority=record[5],
        target=target_of_key(record[6]),
        display_time_to_live=record[7],
        expire_time=record[8],
        read_state=ReadState(record[9]),
        user_action_state=UserActionState(record[10]),
        snooze_until=record[11],
        create_time=record[12],
        update_time=record[13],
        alert_time=record[14],
        revision=record[15],
        create_revision=record[16],
        content_revision=record[17],
        alert_revision=record[18],
        removal=None if record[19] is None else ChangeType(record[19]),
        category=record[20],
        action_id=record[21],
        size=record[22],
        changed_by=record[23],
        payload=record[24],
    )


def fixed_values(feed_id: int, row: Notification) -> Values:
    """Return the columns that a notification keeps from its creation on, in the order of `FIXED_COLUMNS`."""
    return (
        feed_id,
        row.id,
        row.app_notification_id,
        int(row.sender_role),
        row.target.key,
        row.create_time,
        row.create_revision,
    )


def content_values(row: Notification) -> Values:
    """Return the content without the payload, in the order of `CONTENT_COLUMNS`; a tombstone's is emptied."""
    live = row.live
    return (
        row.fingerprint,
        row.group_name if live else "",
        row.category if live else "",
        int(row.priority if live else Priority.UNSPECIFIED),
        row.display_time_to_live if live else None,
        row.expire_time,
        row.content_revision,
    )


def removal_value(row: Notification) -> int | None:
    """Return the `ChangeType` number of the removal, or None for a live row."""
    return None if row.removal is None else int(row.removal)


def state_values(row: Notification, encoded: bytes) -> Values:
    """Return the columns that every change of a row sets, in the order of `STATE_COLUMNS`."""
    return (
        int(row.read_state),
        int(row.user_action_state),
        row.action_id if row.live else "",
        row.snooze_until if row.live else None,
        row.update_time,
        row.alert_time,
        row.revision,
        row.alert_revision,
        row.rings_until,
        encoded,
        row.changed_by,
        row.revision,
    )


def endpoint(key: FeedKey, record: Record) -> Endpoint:
    """Return the endpoint with the columns `sql.ENDPOINT` in the record."""
    return Endpoint(
        feed=key,
        endpoint_id=record[0],
        platform=Platform(record[1]),
        display_name=record[2],
        create_time=record[3],
        last_seen_time=record[4],
        acknowledged_revision=record[5],
        session_id=record[6],
        delete_time=record[7],
        may_return=bool(record[8]),
        registrations=record[9],
        ephemeral=bool(record[10]),
    )


def endpoint_values(feed_id: int, value: Endpoint) -> Values:
    """Return the row id of the feed, then the columns of an endpoint in the order of `sql.ENDPOINT`."""
    return (
        feed_id,
        value.endpoint_id,
        int(value.platform),
        value.display_name,
        value.create_time,
        value.last_seen_time,
        value.acknowledged_revision,
        value.session_id,
        value.delete_time,
        int(value.may_return),
        value.registrations,
        value.last_seen_time if value.ephemeral else None,
    )
