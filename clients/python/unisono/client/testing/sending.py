"""The methods that send, SendNotification and BatchSendNotifications: create, deduplicate or replace."""

from dataclasses import dataclass, replace

from unisono.client._errors import UnisonoError
from unisono.client.testing import checks, errors
from unisono.client.testing.checks import Violations
from unisono.client.testing.content import CONTENT, check_expiry, content, put, target_policy
from unisono.client.testing.deleting import remove
from unisono.client.testing.feed import ChangeType, Feed, Row, copy_message, size_of, target_key
from unisono.client.testing.quotas import check_growth, check_room
from unisono.client.testing.request_context import Actor, RequestContext
from unisono.client.testing.times import length, millis, timestamp
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb


def send_notification(
    request_context: RequestContext, request: service_pb.SendNotificationRequest
) -> service_pb.SendNotificationResponse:
    """Answer SendNotification: create a notification, replace a live one, or find an equal one (Idempotent).

    Raises `PermissionDenied` without the scope to send, `InvalidRequest`, `KeyConflict` for a live
    notification with this key and other content, and `QuotaExceeded` for a full feed.
    """
    if not request_context.principal.may_send:
        raise errors.scope_missing(request_context.principal.role, "notifications.send")
    return service_pb.SendNotificationResponse(result=_send(request_context, request))


def batch_send_notifications(
    request_context: RequestContext, request: service_pb.BatchSendNotificationsRequest
) -> service_pb.BatchSendNotificationsResponse:
    """Answer BatchSendNotifications: an outcome for each item, in order; one that fails harms no other.

    Raises `InvalidRequest` for a batch without items, or with too many.
    """
    violations = Violations()
    requests = checks.check_members(
        violations, "requests", request.requests, request_context.limits.batch_items
    )
    violations.check()
    results = [_item(request_context, item) for item in requests]
    return service_pb.BatchSendNotificationsResponse(results=results)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A valid send. Equal fingerprints mean the same content and target policy, as requested."""

    actor: Actor
    key: str
    content: service_pb.NotificationContent
    target: pb.TargetPolicy
    replace: bool
    silent: bool

    @property
    def fingerprint(self) -> bytes:
        sent = self.content.SerializeToString(deterministic=True) + self.target.SerializeToString()
        return sent + bytes((self.silent,))


def _item(
    request_context: RequestContext, request: service_pb.SendNotificationRequest
) -> service_pb.BatchSendResult:
    try:
        return service_pb.BatchSendResult(result=_send(request_context, request))
    except UnisonoError as error:
        return service_pb.BatchSendResult(error=errors.batch_item_error(error))


def _send(
    request_context: RequestContext, request: service_pb.SendNotificationRequest
) -> service_pb.SendResult:
    """Send one notification. Repeats are found before what depends on the time and on quotas is checked."""
    wanted = _read(request_context, request)
    wanted.actor.feed.record_activity(wanted.actor.endpoint_id, request_context.now)
    keyed = wanted.actor.feed.with_key(wanted.key)
    own = [row for row in keyed if row.message.sender_role == wanted.actor.role]
    for row in own:
        if row.fingerprint == wanted.fingerprint:
            return _result(wanted.actor.feed, row, deduplicated=True)
    live = next((row for row in own if row.live), None)
    return _store(request_context, wanted, live)


def _read(request_context: RequestContext, request: service_pb.SendNotificationRequest) -> _Wanted:
    violations = Violations()
    actor = request_context.writing_actor(violations, request.user_id, request.endpoint_id)
    checks.check_name(
        violations, "app_notification_id", request.app_notification_id, request_context.limits.id_bytes
    )
    if request.on_conflict not in service_pb.ConflictPolicy.values():
        violations.add("on_conflict", f"has no value {request.on_conflict}")
    kept = content(violations, request, request_context.limits)
    target = target_policy(violations, request.target_policy, request_context.limits)
    if violations:
        check_expiry(violations, kept, request_context.now, request_context.limits)
    violations.check()
    return _Wanted(
        actor=actor,
        key=request.app_notification_id,
        content=kept,
        target=target,
        replace=request.on_conflict == service_pb.CONFLICT_POLICY_REPLACE,
        silent=request.silent,
    )


def _store(request_context: RequestContext, wanted: _Wanted, live: Row | None) -> service_pb.SendResult:
    if live is not None and not wanted.replace:
        raise errors.key_conflict(live.message.id)
    violations = Violations()
    check_expiry(violations, wanted.content, request_context.now, request_context.limits)
    violations.check()
    request_context.check_space()
    feed, now = wanted.actor.feed, request_context.now
    size = size_of(wanted.content.payload, wanted.target)
    if live is not None and live.message.target_policy == wanted.target:
        check_growth(request_context, feed, size - live.size)
        return _result(feed, _rewrite(request_context, wanted, live))
    going = check_room(request_context, feed, target_key(wanted.target), size, leaves=live)
    for row in going:
        remove(feed, row, _reason_to_go(row, now), now)
    if live is not None:
        remove(feed, live, feed_pb.CHANGE_TYPE_DELETED, now, wanted.actor.endpoint_id)
    result = _result(feed, _create(request_context, wanted))
    result.displaced_ids.extend(row.message.id for row in going if not _has_expired(row, now))
    return result


def _reason_to_go(row: Row, now: int) -> ChangeType:
    return feed_pb.CHANGE_TYPE_EXPIRED if _has_expired(row, now) else feed_pb.CHANGE_TYPE_DISPLACED


def _has_expired(row: Row, now: int) -> bool:
    return millis(row.message.expire_time) <= now


def _create(request_context: RequestContext, wanted: _Wanted) -> Row:
    actor = wanted.actor
    message = pb.Notification(
        id=request_context.state.new_id(),
        app_id=actor.feed.key.app_id,
        user_id=actor.feed.key.user_id,
        app_notification_id=wanted.key,
        sender_role=actor.role,
        create_time=timestamp(request_context.now),
    )
    if wanted.target.ByteSize():
        message.target_policy.CopyFrom(wanted.target)
    return _commit(
        request_context,
        wanted,
        Row(message=message, fingerprint=wanted.fingerprint),
        feed_pb.CHANGE_TYPE_CREATED,
    )


def _rewrite(request_context: RequestContext, wanted: _Wanted, live: Row) -> Row:
    row = replace(live, message=copy_message(live), fingerprint=wanted.fingerprint)
    row.message.ClearField("snooze_until")
    row.message.ClearField("action_id")
    return _commit(request_context, wanted, row, feed_pb.CHANGE_TYPE_UPDATED)


def _commit(request_context: RequestContext, wanted: _Wanted, row: Row, change_type: ChangeType) -> Row:
    """Commit a row with the new content: unread, and ringing unless it was sent silently."""
    message, actor = row.message, wanted.actor
    put(message, wanted.content, CONTENT)
    if not message.HasField("expire_time"):
        message.expire_time.CopyFrom(
            timestamp(request_context.now + length(request_context.limits.expire_after_default))
        )
    message.read_state = pb.READ_STATE_UNREAD
    message.user_action_state = pb.USER_ACTION_STATE_NO_INTERACTION
    message.alert_time.CopyFrom(timestamp(request_context.now))
    message.alert_revision = 0
    row = replace(row, alert_time=request_context.now)
    return actor.feed.commit(
        row, change_type, request_context.now, actor.endpoint_id, new_content=True, alert=not wanted.silent
    )


def _result(feed: Feed, row: Row, *, deduplicated: bool = False) -> service_pb.SendResult:
    return service_pb.SendResult(
        id=row.message.id,
        revision=row.message.revision,
        create_time=row.message.create_time,
        expire_time=row.message.expire_time,
        deduplicated=deduplicated,
        removed=not row.live,
        endpoints=len(feed.present),
    )
