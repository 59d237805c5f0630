"""Builds messages of `unisono.v1` from the values of the core."""

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from unisono.server.core.decide.commands import Ref
from unisono.server.model import Endpoint, Notification, TargetPolicy
from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import notification_pb2 as pb


def timestamp(millis: int) -> Timestamp:
    """Return a time, given in milliseconds since 1970, as a `Timestamp`."""
    return Timestamp(seconds=millis // 1000, nanos=millis % 1000 * 1_000_000)


def duration(millis: int) -> Duration:
    """Return a span of time, given in milliseconds, as a `Duration`."""
    return Duration(seconds=millis // 1000, nanos=millis % 1000 * 1_000_000)


def notification(row: Notification) -> pb.Notification:
    """Return a notification as clients get it; without a payload where the row was read without one."""
    message = pb.Notification(
        id=row.id,
        app_id=row.feed.app_id,
        user_id=row.feed.user_id,
        app_notification_id=row.app_notification_id,
        sender_role=pb.SenderRole.ValueType(row.sender_role),
        group_name=row.group_name,
        category=row.category,
        action_id=row.action_id,
        priority=pb.Priority.ValueType(row.priority),
        expire_time=timestamp(row.expire_time),
        read_state=pb.ReadState.ValueType(row.read_state),
        user_action_state=pb.UserActionState.ValueType(row.user_action_state),
        create_time=timestamp(row.create_time),
        update_time=timestamp(row.update_time),
        revision=row.revision,
        alert_revision=row.alert_revision,
        alert_time=timestamp(row.alert_time),
    )
    if row.payload is not None:
        message.payload.MergeFromString(row.payload)
    if row.target.key:
        message.target_policy.CopyFrom(target_policy(row.target))
    if row.display_time_to_live is not None:
        message.display_time_to_live.CopyFrom(duration(row.display_time_to_live))
    if row.snooze_until is not None:
        message.snooze_until.CopyFrom(timestamp(row.snooze_until))
    return message


def ref(value: Ref) -> pb.NotificationRef:
    """Return a reference to a notification as the client gave it, by id or by key."""
    if value.id:
        return pb.NotificationRef(id=value.id)
    return pb.NotificationRef(app_notification_id=value.key)


def endpoint(value: Endpoint) -> endpoint_pb.Endpoint:
    """Return an endpoint as clients get it; it is connected while a session holds it."""
    return endpoint_pb.Endpoint(
        endpoint_id=value.endpoint_id,
        app_id=value.feed.app_id,
        user_id=value.feed.user_id,
        platform=pb.DevicePlatform.ValueType(value.platform),
        display_name=value.display_name,
        create_time=timestamp(value.create_time),
        last_seen_time=timestamp(value.last_seen_time),
        acknowledged_revision=value.acknowledged_revision,
        connected=bool(value.session_id),
        ephemeral=value.ephemeral,
    )


def target_policy(value: TargetPolicy) -> pb.TargetPolicy:
    """Return a target policy, which is empty for every endpoint."""
    platforms = [pb.DevicePlatform.ValueType(platform) for platform in value.platforms]
    return pb.TargetPolicy(platforms=platforms, endpoint_ids=value.endpoint_ids)
