"""The methods that read notifications: GetNotification and ListNotifications."""

from collections.abc import Sequence
from typing import Final

from unisono.client.testing import checks, endpoints, errors
from unisono.client.testing.changes import fitting, list_changes
from unisono.client.testing.checks import Violations
from unisono.client.testing.feed import Feed, Row
from unisono.client.testing.patching import check_ref
from unisono.client.testing.request_context import RequestContext
from unisono.client.testing.state import Position
from unisono.client.testing.times import millis
from unisono.v1 import notification_service_pb2 as pb

#: How many notifications are examined at most for a page with filters (ListNotificationsRequest.page_size).
_LOOKS: Final = 1000


def get_notification(
    request_context: RequestContext, request: pb.GetNotificationRequest
) -> pb.GetNotificationResponse:
    """Answer GetNotification: a live notification with its payload.

    Raises `InvalidRequest`, and `NotFound` for one that is gone or not in this feed.
    """
    violations = Violations()
    actor = request_context.reading_actor(violations, request.user_id)
    check_ref(violations, "notification", request.notification, request_context.limits.id_bytes)
    violations.check()
    row = actor.feed.named(request.notification, actor.role)
    if row is None or not row.live:
        raise errors.no_notification()
    return pb.GetNotificationResponse(notification=row.message)


def list_notifications(
    request_context: RequestContext, request: pb.ListNotificationsRequest
) -> pb.ListNotificationsResponse:
    """Answer ListNotifications: one page of the history, newest first by creation.

    The token of the next page is empty on the last one. `resume_token` is set on the first page of an
    endpoint. Raises `InvalidRequest`, also for a page token of another list, and `NotFound` or
    `EndpointDeleted` for the endpoint. With `changed_after`, it answers what changed.
    """
    if request.HasField("changed_after"):
        return list_changes(request_context, request)
    violations = Violations()
    actor = request_context.reading_actor(violations, request.user_id, request.endpoint_id)
    _check_filters(violations, request_context, request)
    before = _opened(violations, request_context, actor.feed, request)
    checks.check_page_size(violations, request.page_size, request_context.limits.page_items)
    violations.check()
    feed, position = actor.feed, Position(*[actor.feed.revision] * 3)
    endpoint = endpoints.require_endpoint(feed, request.endpoint_id) if request.endpoint_id else None
    items, first = request.page_size or request_context.limits.page_default_items, before is None
    looked_at, last = _looked_at(feed, before, max(_LOOKS, items), narrowed=_narrows(request))
    found = [row for row in looked_at if row.is_for(endpoint) and _passes(row, request)]
    page = fitting(found, items, request_context.limits.page_bytes)
    last = page[-1] if len(page) < len(found) else last
    return pb.ListNotificationsResponse(
        notifications=[row.message for row in page],
        next_page_token=request_context.state.pages.issue((_mark(feed, request), last.create_revision))
        if last
        else "",
        resume_token=request_context.state.seal(feed, endpoint, position) if endpoint and first else b"",
    )


def _check_filters(
    violations: Violations, request_context: RequestContext, request: pb.ListNotificationsRequest
) -> None:
    for name in ("group_name", "category"):
        checks.check_name(violations, name, getattr(request, name), request_context.limits.id_bytes)
    start = checks.check_time(violations, "start_time", request.start_time)
    end = checks.check_time(violations, "end_time", request.end_time)
    both = request.HasField("start_time") and request.HasField("end_time")
    if both and start is not None and end is not None and end <= start:
        violations.add("end_time", "must be after start_time")
    checks.check_enum(violations, "user_action_state", request.user_action_state, checks.USER_ACTION_STATES)
    checks.check_enum(violations, "read_state", request.read_state, checks.READ_STATES)


def _opened(
    violations: Violations, request_context: RequestContext, feed: Feed, request: pb.ListNotificationsRequest
) -> int | None:
    """Return the create_revision that the page before ended with; None for the first page."""
    if not request.page_token:
        return None
    mark, before = request_context.state.pages.get(request.page_token) or (None, 0)
    if mark is None:
        violations.add("page_token", "is not a page token")
    elif mark != _mark(feed, request):
        violations.add("page_token", "was given out for another user or for other filters")
    return before


def _mark(feed: Feed, request: pb.ListNotificationsRequest) -> bytes:
    """Return bytes that are equal for all pages of one list."""
    filters = pb.ListNotificationsRequest()
    filters.CopyFrom(request)
    for name in ("user_id", "page_size", "page_token"):
        filters.ClearField(name)
    return repr(feed.key).encode() + filters.SerializeToString(deterministic=True)


def _looked_at(
    feed: Feed, before: int | None, max_rows: int, *, narrowed: bool
) -> tuple[Sequence[Row], Row | None]:
    """Return the older rows, newest first, and the last of them if there may be more."""
    older = [row for row in reversed(feed.live) if before is None or row.create_revision < before]
    if not narrowed or len(older) < max_rows:
        return older, None
    return older[:max_rows], older[max_rows - 1]


def _narrows(request: pb.ListNotificationsRequest) -> bool:
    named = {field.name for field, _ in request.ListFields()}
    return bool(named - {"user_id", "page_size", "page_token"})


def _passes(row: Row, request: pb.ListNotificationsRequest) -> bool:
    message, created = row.message, millis(row.message.create_time)
    return (
        request.read_state in (0, message.read_state)
        and request.user_action_state in (0, message.user_action_state)
        and (not request.HasField("group_name") or message.group_name == request.group_name)
        and (not request.HasField("category") or message.category == request.category)
        and (not request.HasField("start_time") or created >= millis(request.start_time))
        and (not request.HasField("end_time") or created < millis(request.end_time))
    )
