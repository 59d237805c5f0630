"""The method ListNotifications with `changed_after`: what changed in a feed since a revision."""

from collections.abc import Sequence
from typing import Final

from unisono.client.testing import checks, endpoints, errors
from unisono.client.testing.checks import Violations
from unisono.client.testing.feed import ChangeType, Feed, Row
from unisono.client.testing.request_context import RequestContext
from unisono.client.testing.state import ChangesCursor
from unisono.v1 import notification_service_pb2 as pb

#: How many notifications are examined at most for a page (ListNotificationsRequest.page_size).
_LOOKS: Final = 1000

#: The fields that go with changed_after. All others are filters.
_TOGETHER: Final = ("user_id", "endpoint_id", "page_size", "page_token", "changed_after")


def list_changes(
    request_context: RequestContext, request: pb.ListNotificationsRequest
) -> pb.ListNotificationsResponse:
    """Answer one page of what changed after a revision, in the order of revisions.

    Raises `InvalidRequest`, also for filters; `NotFound` or `EndpointDeleted` for the endpoint; and
    `RevisionOutOfRange` where removals after the revision may be forgotten, or the feed is not at it.
    """
    violations = Violations()
    actor = request_context.reading_actor(violations, request.user_id, request.endpoint_id)
    checks.check_revision(violations, "changed_after", request.changed_after)
    for field, _ in request.ListFields():
        if field.name not in _TOGETHER:
            violations.add(
                field.name, "excludes changed_after: what does not pass it any more would be missing"
            )
    opened = _opened(violations, request_context, actor.feed, request)
    checks.check_page_size(violations, request.page_size, request_context.limits.page_items)
    violations.check()
    feed = actor.feed
    endpoint = endpoints.require_endpoint(feed, request.endpoint_id) if request.endpoint_id else None
    cursor = _checked(request_context, feed, request, opened)
    items = request.page_size or request_context.limits.page_default_items
    rows = sorted(feed.rows.values(), key=lambda row: row.message.revision)
    later = [row for row in rows if row.message.revision > cursor.passed]
    looked_at = later[: max(_LOOKS, items)]
    named = [row for row in looked_at if row.live or row.message.revision > cursor.base]
    found = [row for row in named if row.is_for(endpoint)]
    page = fitting(found, items, request_context.limits.page_bytes)
    passed = feed.revision
    if len(page) < len(found):
        passed = page[-1].message.revision
    elif len(looked_at) < len(later):
        passed = looked_at[-1].message.revision
    return pb.ListNotificationsResponse(
        notifications=[row.message for row in page if row.live],
        removed_notifications=[_removed(row, row.removal) for row in page if row.removal is not None],
        next_page_token=request_context.state.change_pages.issue(cursor._replace(passed=passed))
        if passed < feed.revision
        else "",
        last_revision=passed,
    )


def fitting(rows: Sequence[Row], max_items: int, max_bytes: int) -> Sequence[Row]:
    """Return as many rows as fit on a page, at least one."""
    size = 0
    for index, row in enumerate(rows[:max_items]):
        size += row.message.ByteSize()
        if size > max_bytes and index:
            return rows[:index]
    return rows[:max_items]


def _opened(
    violations: Violations, request_context: RequestContext, feed: Feed, request: pb.ListNotificationsRequest
) -> ChangesCursor | None:
    """Return where the page before ended; None for the first page."""
    if not request.page_token:
        return None
    cursor = request_context.state.change_pages.get(request.page_token)
    if cursor is None:
        violations.add("page_token", "is not a page token")
    elif cursor.mark != _mark(feed, request):
        violations.add("page_token", "was given out for another user or for other filters")
    return cursor


def _checked(
    request_context: RequestContext,
    feed: Feed,
    request: pb.ListNotificationsRequest,
    opened: ChangesCursor | None,
) -> ChangesCursor:
    """Return where to go on, if nothing is missing from there."""
    after, epochs = request.changed_after, request_context.state.epochs(feed)
    # Who begins with 0 holds nothing, and needs no removal from before.
    cursor = opened or ChangesCursor(_mark(feed, request), epochs, after, after or feed.revision)
    reached = max(cursor.passed, cursor.base)
    if cursor.epochs != epochs or not feed.floor <= reached <= feed.revision:
        raise errors.revision_out_of_range(after, feed.floor, feed.revision)
    return cursor


def _mark(feed: Feed, request: pb.ListNotificationsRequest) -> bytes:
    """Return bytes that are equal for all pages of one list."""
    return repr((feed.key, request.endpoint_id, request.changed_after)).encode()


def _removed(row: Row, why: ChangeType) -> pb.RemovedNotification:
    message = row.message
    return pb.RemovedNotification(
        id=message.id,
        app_notification_id=message.app_notification_id,
        sender_role=message.sender_role,
        revision=message.revision,
        remove_time=message.update_time,
        change_type=why,
    )
