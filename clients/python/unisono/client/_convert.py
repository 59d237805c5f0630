"""Converts messages of `unisono.v1` to what users see, and back."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from unisono.client._errors import InvalidRequest
from unisono.client._links import safe_link, safe_picture
from unisono.client._model import (
    Action,
    BodyFormat,
    ChangeType,
    Endpoint,
    Feed,
    Notification,
    Platform,
    Priority,
    ReadState,
    RemovedNotification,
    SenderRole,
    StartPosition,
    UserActionState,
)
from unisono.client._results import DeleteManyResult, DeleteResult, MarkResult, SendResult
from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: Times are clamped to these, in seconds since 1970: every time zone can show what is between them.
_FIRST: Final = int((datetime(2, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds())
_LAST: Final = int((datetime(9998, 12, 31, tzinfo=UTC) - _EPOCH).total_seconds())


def notification(row: pb.Notification) -> Notification:
    """Return a notification as users see it, without links that break the rule for them.

    Times are clamped to the years 2 to 9998.
    """
    visual, policy = row.payload.visual_content, row.target_policy
    return Notification(
        id=row.id,
        app_id=row.app_id,
        user_id=row.user_id,
        app_notification_id=row.app_notification_id,
        sender_role=SenderRole(row.sender_role),
        group_name=row.group_name,
        category=row.category,
        title=visual.title,
        body=visual.body,
        link=safe_link(visual.link),
        icon_url=safe_picture(visual.icon_url),
        image_url=safe_picture(visual.image_url),
        actions=tuple(map(_action, visual.actions)),
        format=BodyFormat(visual.format),
        raw_content=row.payload.raw_content,
        data=dict(row.payload.data),
        priority=Priority(row.priority),
        platforms=tuple(Platform(p) for p in policy.platforms),
        endpoint_ids=tuple(policy.endpoint_ids),
        display_time_to_live=_span(row.display_time_to_live)
        if row.HasField("display_time_to_live")
        else None,
        expire_time=_time(row.expire_time),
        read_state=ReadState(row.read_state),
        user_action_state=UserActionState(row.user_action_state),
        action_id=row.action_id,
        snooze_until=_time(row.snooze_until) if row.HasField("snooze_until") else None,
        create_time=_time(row.create_time),
        update_time=_time(row.update_time),
        revision=row.revision,
        alert_revision=row.alert_revision,
        # What a server of before stored has no time of its alert.
        alert_time=_time(row.alert_time if row.HasField("alert_time") else row.create_time),
    )


def removed_notification(row: service_pb.RemovedNotification) -> RemovedNotification:
    """Return a removed notification as users see it."""
    return RemovedNotification(
        id=row.id,
        app_notification_id=row.app_notification_id,
        sender_role=SenderRole(row.sender_role),
        revision=row.revision,
        remove_time=_time(row.remove_time),
        change_type=ChangeType(row.change_type),
    )


def send_result(result: service_pb.SendResult, key: str) -> SendResult:
    """Return the result of a send; `key` is the `app_notification_id` that was sent."""
    return SendResult(
        id=result.id,
        app_notification_id=key,
        revision=result.revision,
        create_time=_time(result.create_time),
        expire_time=_time(result.expire_time),
        deduplicated=result.deduplicated,
        removed=result.removed,
        displaced_ids=tuple(result.displaced_ids),
        endpoints=result.endpoints if result.HasField("endpoints") else None,
    )


def mark_result(answer: service_pb.MarkNotificationsResponse) -> MarkResult:
    """Return the result of a mark."""
    return MarkResult(
        changed=answer.changed,
        skipped=answer.skipped,
        last_revision=answer.last_revision,
        unread_count=answer.unread_count,
        not_found=_names(answer.not_found),
    )


def delete_result(answer: service_pb.DeleteNotificationResponse) -> DeleteResult:
    """Return the result of a delete."""
    return DeleteResult(revision=answer.revision, already_removed=answer.already_removed)


def delete_many_result(answer: service_pb.DeleteNotificationsResponse) -> DeleteManyResult:
    """Return the result of deleting many."""
    return DeleteManyResult(
        removed=answer.removed,
        already_removed=answer.already_removed,
        skipped=answer.skipped,
        last_revision=answer.last_revision,
        unread_count=answer.unread_count,
        not_found=_names(answer.not_found),
    )


def feed(answer: feed_pb.GetFeedResponse) -> Feed:
    """Return the counters of a feed."""
    return Feed(last_revision=answer.last_revision, unread_count=answer.unread_count)


def endpoint(row: endpoint_pb.Endpoint) -> Endpoint:
    """Return an endpoint as users see it."""
    return Endpoint(
        endpoint_id=row.endpoint_id,
        platform=Platform(row.platform),
        display_name=row.display_name,
        create_time=_time(row.create_time),
        last_seen_time=_time(row.last_seen_time),
        acknowledged_revision=row.acknowledged_revision,
        connected=row.connected,
        ephemeral=row.ephemeral,
    )


def platform_number(platform: Platform) -> pb.DevicePlatform.ValueType:
    """Return the proto's number of a platform."""
    return cast("pb.DevicePlatform.ValueType", int(platform))


def priority_number(priority: Priority) -> pb.Priority.ValueType:
    """Return the proto's number of a priority."""
    return cast("pb.Priority.ValueType", int(priority))


def body_format_number(body_format: BodyFormat) -> pb.BodyFormat.ValueType:
    """Return the proto's number of the format of a body."""
    return cast("pb.BodyFormat.ValueType", int(body_format))


def read_state_number(state: ReadState) -> pb.ReadState.ValueType:
    """Return the proto's number of a read state."""
    return cast("pb.ReadState.ValueType", int(state))


def user_action_state_number(state: UserActionState) -> pb.UserActionState.ValueType:
    """Return the proto's number of a user action state."""
    return cast("pb.UserActionState.ValueType", int(state))


def start_position_number(start: StartPosition) -> feed_pb.StartPosition.ValueType:
    """Return the proto's number of a start position."""
    return cast("feed_pb.StartPosition.ValueType", int(start))


def timestamp(field: str, time: datetime | None) -> Timestamp | None:
    """Return a time for the wire; None for None. `field` names it in errors.

    Raises `InvalidRequest` for a time without a zone, which could mean any hour.
    """
    if time is None:
        return None
    if time.tzinfo is None:
        problem = "must have a time zone; datetime.now(UTC) does"
        raise InvalidRequest(f"{field}: {problem}", reason="INVALID_REQUEST", violations={field: problem})
    stamp = Timestamp()
    stamp.FromDatetime(time.astimezone(UTC))
    return stamp


def duration(span: timedelta | None) -> Duration | None:
    """Return a duration for the wire; None for None."""
    if span is None:
        return None
    wire = Duration()
    wire.FromTimedelta(span)
    return wire


def seconds(number: float | None) -> Duration | None:
    """Return a number of seconds as a duration for the wire; None for None."""
    return None if number is None else duration(timedelta(seconds=number))


def _names(refs: Iterable[pb.NotificationRef]) -> tuple[str, ...]:
    return tuple(ref.id or ref.app_notification_id for ref in refs)


def _action(action: pb.Action) -> Action:
    return Action(action_id=action.action_id, label=action.label, link=safe_link(action.link))


def _time(stamp: Timestamp) -> datetime:
    seconds = min(max(stamp.seconds, _FIRST), _LAST)
    return _EPOCH + timedelta(seconds=seconds, microseconds=stamp.nanos // 1000)


def _span(wire: Duration) -> timedelta:
    seconds = min(max(wire.seconds, -_LAST), _LAST)
    return timedelta(seconds=seconds, microseconds=wire.nanos // 1000)
