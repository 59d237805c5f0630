"""The methods that withdraw, DeleteNotification and DeleteNotifications, and what removes by itself."""

from dataclasses import replace

from unisono.client.testing import checks, endpoints, errors, selection
from unisono.client.testing.checks import Violations
from unisono.client.testing.content import clear
from unisono.client.testing.feed import ChangeType, Feed, Row, copy_message
from unisono.client.testing.patching import check_ref, check_revision, expected_revision
from unisono.client.testing.request_context import Actor, RequestContext
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_service_pb2 as service_pb

#: The fields that a tombstone does not have.
_FORGOTTEN = (
    "payload",
    "group_name",
    "category",
    "priority",
    "display_time_to_live",
    "action_id",
    "snooze_until",
)


def delete_notification(
    request_context: RequestContext, request: service_pb.DeleteNotificationRequest
) -> service_pb.DeleteNotificationResponse:
    """Answer DeleteNotification: remove a notification; one that is gone already stays as it is.

    Raises `InvalidRequest`, `NotFound` for one that is not even a tombstone, and `RevisionMismatch`.
    """
    violations = Violations()
    actor = request_context.writing_actor(violations, request.user_id, request.endpoint_id)
    check_ref(violations, "notification", request.notification, request_context.limits.id_bytes)
    expected = expected_revision(violations, request)
    violations.check()
    actor.feed.record_activity(actor.endpoint_id, request_context.now)
    row = actor.feed.named(request.notification, actor.role)
    if row is None:
        raise errors.no_notification()
    if not row.live:
        return service_pb.DeleteNotificationResponse(revision=row.message.revision, already_removed=True)
    check_revision(row, expected)
    request_context.check_space()
    row = remove(actor.feed, row, feed_pb.CHANGE_TYPE_DELETED, request_context.now, actor.endpoint_id)
    return service_pb.DeleteNotificationResponse(revision=row.message.revision)


def delete_notifications(
    request_context: RequestContext, request: service_pb.DeleteNotificationsRequest
) -> service_pb.DeleteNotificationsResponse:
    """Answer DeleteNotifications: remove the selected notifications that are in the state asked for.

    Raises `InvalidRequest`, `NotFound` where no reference names even a tombstone or the endpoint is not
    registered, and `EndpointDeleted`.
    """
    actor = _read(request_context, request)
    feed = actor.feed
    endpoint = endpoints.require_endpoint(feed, actor.endpoint_id) if actor.endpoint_id else None
    feed.record_activity(actor.endpoint_id, request_context.now)
    named = selection.named(actor, request)
    if named and all(row is None for _, row in named):
        raise errors.no_notification()
    rows = selection.distinct(row for _, row in named if row is not None)
    if not named:
        rows = selection.scanned(actor, endpoint, request)
    wanted = [row for row in rows if row.live and _is_in_state(row, request)]
    old = [row for row in wanted if not selection.is_newer(row, request)]
    if old:
        request_context.check_space()
    for row in old:
        remove(feed, row, feed_pb.CHANGE_TYPE_DELETED, request_context.now, actor.endpoint_id)
    return service_pb.DeleteNotificationsResponse(
        removed=len(old),
        already_removed=sum(not row.live for row in rows),
        skipped=len(wanted) - len(old),
        last_revision=feed.revision,
        unread_count=feed.unread_count(endpoint),
        not_found=[ref for ref, row in named if row is None],
    )


def remove(feed: Feed, row: Row, change_type: ChangeType, now: int, origin: str = "") -> Row:
    """Remove a live notification from the feed, and return its tombstone."""
    message = copy_message(row)
    clear(message, _FORGOTTEN)
    return feed.commit(replace(row, message=message, removal=change_type), change_type, now, origin)


def _read(request_context: RequestContext, request: service_pb.DeleteNotificationsRequest) -> Actor:
    violations = Violations()
    actor = request_context.writing_actor(violations, request.user_id, request.endpoint_id)
    selection.check_selector(violations, request_context, request)
    checks.check_enum(violations, "read_state", request.read_state, checks.READ_STATES)
    checks.check_enum(violations, "user_action_state", request.user_action_state, checks.USER_ACTION_STATES)
    selection.check_up_to_revision(violations, request)
    violations.check()
    return actor


def _is_in_state(row: Row, request: service_pb.DeleteNotificationsRequest) -> bool:
    message = row.message
    read = request.read_state in (0, message.read_state)
    return read and request.user_action_state in (0, message.user_action_state)
