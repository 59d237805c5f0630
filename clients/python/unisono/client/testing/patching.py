"""The method that changes content, UpdateNotification, and what other methods share."""

from collections.abc import Sequence
from dataclasses import replace

from unisono.client.testing import checks, errors
from unisono.client.testing.checks import Violations
from unisono.client.testing.content import CONTENT, check_expiry, content, put
from unisono.client.testing.feed import Row, copy_message
from unisono.client.testing.limits import MASK_PATHS
from unisono.client.testing.quotas import check_growth
from unisono.client.testing.request_context import RequestContext
from unisono.client.testing.times import length, timestamp
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb


def update_notification(
    request_context: RequestContext, request: service_pb.UpdateNotificationRequest
) -> service_pb.UpdateNotificationResponse:
    """Answer UpdateNotification: patch the content of a live notification, and return it.

    A patch that changes nothing makes no change of the feed; only a new payload rings. Raises
    `InvalidRequest`, `NotFound`, `PermissionDenied` for what the other role created, `RevisionMismatch`,
    and `QuotaExceeded` where the feed would be too large.
    """
    violations = Violations()
    actor = request_context.writing_actor(violations, request.user_id, request.endpoint_id)
    check_ref(violations, "notification", request.notification, request_context.limits.id_bytes)
    mask = checked_mask(violations, request.update_mask.paths, CONTENT)
    kept = content(violations, request.content, request_context.limits, prefix="content.", mask=mask)
    check_expiry(violations, kept, request_context.now, request_context.limits, "content.")
    expected = expected_revision(violations, request)
    violations.check()
    actor.feed.record_activity(actor.endpoint_id, request_context.now)
    row = _live(actor.feed.named(request.notification, actor.role))
    if row.message.sender_role != actor.role:
        creator = pb.SenderRole.Name(row.message.sender_role)
        raise errors.not_creator(creator.removeprefix("SENDER_ROLE_").lower())
    message = _patched(request_context, row, kept, mask)
    if message != row.message:
        check_revision(row, expected)
        news = message.payload != row.message.payload
        check_growth(request_context, actor.feed, message.payload.ByteSize() - row.message.payload.ByteSize())
        request_context.check_space()
        change_type = feed_pb.CHANGE_TYPE_UPDATED if news else feed_pb.CHANGE_TYPE_STATE_CHANGED
        row = actor.feed.commit(
            replace(row, message=message),
            change_type,
            request_context.now,
            actor.endpoint_id,
            new_content=news,
            alert=news and not request.silent,
        )
    return service_pb.UpdateNotificationResponse(notification=row.message)


def check_ref(violations: Violations, field: str, ref: pb.NotificationRef, max_bytes: int) -> None:
    """Check that a reference names a notification, by its id or by its key."""
    kind = ref.WhichOneof("ref")
    if kind is None:
        violations.add(field, "is required: an id or an app_notification_id")
    else:
        checks.check_name(violations, f"{field}.{kind}", getattr(ref, kind), max_bytes, required=True)


def checked_mask(violations: Violations, paths: Sequence[str], known: Sequence[str]) -> list[str]:
    """Check an update mask, and return the fields of `known` that it names, in their order."""
    if not paths:
        violations.add("update_mask", "is required")
    listed = checks.check_members(violations, "update_mask", paths, MASK_PATHS, min_items=0)
    for path in listed:
        if path not in known:
            violations.add("update_mask", f"has no path {path[:64]!r}; known are {', '.join(sorted(known))}")
    return [path for path in known if path in listed]


def expected_revision(
    violations: Violations,
    request: service_pb.UpdateNotificationRequest
    | service_pb.MarkNotificationsRequest
    | service_pb.DeleteNotificationRequest,
) -> int | None:
    """Check and return the revision that the notification must have; None if the request gives none."""
    if not request.HasField("expected_revision"):
        return None
    checks.check_revision(violations, "expected_revision", request.expected_revision)
    return request.expected_revision


def check_revision(row: Row, expected: int | None) -> None:
    """Raise `RevisionMismatch` for a notification at another revision than expected; None expects none."""
    if expected not in (None, row.message.revision):
        raise errors.revision_mismatch(row.message.revision, expected)


def _live(row: Row | None) -> Row:
    if row is None or not row.live:
        raise errors.no_notification()
    return row


def _patched(
    request_context: RequestContext, row: Row, kept: service_pb.NotificationContent, mask: Sequence[str]
) -> pb.Notification:
    message = copy_message(row)
    put(message, kept, mask)
    if not message.HasField("expire_time"):
        message.expire_time.CopyFrom(
            timestamp(request_context.now + length(request_context.limits.expire_after_default))
        )
    return message
