"""Records of the database as values of the model, and back. Knows no statement."""

import json
from collections.abc import Sequence
from typing import Any

from unisono.server.model import (
    ChangeType,
    Endpoint,
    Feed,
    FeedKey,
    Notification,
    Payload,
    Platform,
    Priority,
    ReadState,
    SenderRole,
    UserActionState,
)
from unisono.server.model.target import target_of_key

Record = Sequence[Any]


def feed(key: FeedKey, record: Record) -> Feed:
    """The feed whose columns, `sql.FEED`, are the record."""
    epoch, revision, floor, live, unread = record
    return Feed(key=key, epoch=epoch, revision=revision, floor=floor, live=live, unread=json.loads(unread))


def feed_values(value: Feed) -> dict[str, Any]:
    """What a feed's row says, by column, without what is the store's own."""
    app_id, user_id = value.key
    return {
        "app_id": app_id,
        "user_id": user_id,
        "epoch": value.epoch,
        "revision": value.revision,
        "live": value.live,
        "unread": json.dumps(dict(value.unread)),
    }


def notification(key: FeedKey, record: Record) -> Notification:
    """The notification whose columns, `sql.ROW`, are the record."""
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
        payload=_payload(*record[20:23]),
    )


def notification_values(feed_id: int, row: Notification) -> dict[str, Any]:
    """A notification by column. A tombstone keeps what tells who it was, and no content."""
    live = row.live
    return {
        "feed": feed_id,
        "id": row.id,
        "app_notification_id": row.app_notification_id,
        "sender_role": int(row.sender_role),
        "fingerprint": row.fingerprint,
        "group_name": row.group_name if live else "",
        "priority": int(row.priority if live else Priority.UNSPECIFIED),
        "target": row.target.key,
        "display_time_to_live": row.display_time_to_live if live else None,
        "expire_time": row.expire_time,
        "read_state": int(row.read_state),
        "user_action_state": int(row.user_action_state),
        "snooze_until": row.snooze_until if live else None,
        "create_time": row.create_time,
        "update_time": row.update_time,
        "alert_time": row.alert_time,
        "revision": row.revision,
        "create_revision": row.create_revision,
        "content_revision": row.content_revision,
        "alert_revision": row.alert_revision,
        "removal": None if row.removal is None else int(row.removal),
        **_payload_values(row.payload if live else None),
    }


def endpoint(key: FeedKey, record: Record) -> Endpoint:
    """The endpoint whose columns, `sql.ENDPOINT`, are the record."""
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
    )


def endpoint_values(feed_id: int, value: Endpoint) -> dict[str, Any]:
    """An endpoint by column."""
    return {
        "feed": feed_id,
        "endpoint_id": value.endpoint_id,
        "platform": int(value.platform),
        "display_name": value.display_name,
        "create_time": value.create_time,
        "last_seen_time": value.last_seen_time,
        "acknowledged_revision": value.acknowledged_revision,
        "session_id": value.session_id,
        "delete_time": value.delete_time,
    }


def _payload(title: str | None, body: str | None, raw_content: bytes | None) -> Payload | None:
    """None when it was not read, or is not kept: a stored payload always has a body."""
    return None if body is None else Payload(title=title, body=body, raw_content=raw_content)


def _payload_values(payload: Payload | None) -> dict[str, Any]:
    if payload is None:
        return {"size": 0, "title": None, "body": None, "raw_content": None}
    return {
        "size": payload.size,
        "title": payload.title,
        "body": payload.body,
        "raw_content": payload.raw_content,
    }
