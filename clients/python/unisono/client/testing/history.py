"""GetNotification and ListNotifications."""

from collections.abc import Sequence
from typing import Final

from unisono.client.testing import checks, endpoints, refusals
from unisono.client.testing.call import Call
from unisono.client.testing.checks import Bad
from unisono.client.testing.feed import Feed, Row
from unisono.client.testing.patching import check_ref
from unisono.client.testing.times import millis
from unisono.client.testing.world import Position
from unisono.v1 import notification_service_pb2 as pb

#: How many notifications a page with filters looks at, at most.
_LOOKS: Final = 1000


def get(call: Call, request: pb.GetNotificationRequest) -> pb.GetNotificationResponse:
    """GetNotification."""
    bad = Bad()
    actor = call.reader(bad, request.user_id)
    check_ref(bad, "notification", request.notification, call.limits.id_bytes)
    bad.check()
    row = actor.feed.named(request.notification, actor.role)
    if row is None or not row.live:
        raise refusals.no_notification()
    return pb.GetNotificationResponse(notification=row.shown)


def history(call: Call, request: pb.ListNotificationsRequest) -> pb.ListNotificationsResponse:
    """ListNotifications."""
    bad = Bad()
    actor = call.reader(bad, request.user_id, request.endpoint_id)
    _check_filters(bad, call, request)
    before = _opened(bad, call, actor.feed, request)
    most = call.limits.page_items
    if not 0 <= request.page_size <= most:
        bad.add("page_size", f"must be at least 0 and at most {most}, is {request.page_size}")
    bad.check()
    feed, position = actor.feed, Position(*[actor.feed.revision] * 3)
    endpoint = endpoints.existing(feed, request.endpoint_id) if request.endpoint_id else None
    items, first = request.page_size or call.limits.page_default_items, before is None
    looked_at, last = _looked_at(feed, before, max(_LOOKS, items), narrowed=_narrows(request))
    found = [row for row in looked_at if row.is_for(endpoint) and _passes(row, request)]
    page = _fitting(found, items, call.limits.page_bytes)
    last = page[-1] if len(page) < len(found) else last
    return pb.ListNotificationsResponse(
        notifications=[row.shown for row in page],
        next_page_token=call.world.pages.give((_mark(feed, request), last.create_revision)) if last else "",
        resume_token=call.world.seal(feed, request.endpoint_id, position) if endpoint and first else b"",
    )


def _check_filters(bad: Bad, call: Call, request: pb.ListNotificationsRequest) -> None:
    checks.name(bad, "group_name", request.group_name, call.limits.id_bytes)
    start = checks.moment(bad, "start_time", request.start_time)
    end = checks.moment(bad, "end_time", request.end_time)
    both = request.HasField("start_time") and request.HasField("end_time")
    if both and start is not None and end is not None and end <= start:
        bad.add("end_time", "must be after start_time")
    checks.choice(bad, "user_action_state", request.user_action_state, checks.USER_ACTION_STATES)
    checks.choice(bad, "read_state", request.read_state, checks.READ_STATES)


def _opened(bad: Bad, call: Call, feed: Feed, request: pb.ListNotificationsRequest) -> int | None:
    """The create_revision that the page before ended with; None for the first page."""
    if not request.page_token:
        return None
    mark, before = call.world.pages.get(request.page_token) or (None, 0)
    if mark is None:
        bad.add("page_token", "is not a page token")
    elif mark != _mark(feed, request):
        bad.add("page_token", "was given out for another user or for other filters")
    return before


def _mark(feed: Feed, request: pb.ListNotificationsRequest) -> bytes:
    """What all pages of one list have in common."""
    filters = pb.ListNotificationsRequest()
    filters.CopyFrom(request)
    for name in ("user_id", "page_size", "page_token"):
        filters.ClearField(name)
    return repr(feed.key).encode() + filters.SerializeToString(deterministic=True)


def _looked_at(
    feed: Feed, before: int | None, most: int, *, narrowed: bool
) -> tuple[Sequence[Row], Row | None]:
    """What is older, the newest first, and the last of it if there may be more."""
    older = [row for row in reversed(feed.live) if before is None or row.create_revision < before]
    if not narrowed or len(older) < most:
        return older, None
    return older[:most], older[most - 1]


def _narrows(request: pb.ListNotificationsRequest) -> bool:
    named = {field.name for field, _ in request.ListFields()}
    return bool(named - {"user_id", "page_size", "page_token"})


def _passes(row: Row, request: pb.ListNotificationsRequest) -> bool:
    shown, created = row.shown, millis(row.shown.create_time)
    return (
        request.read_state in (0, shown.read_state)
        and request.user_action_state in (0, shown.user_action_state)
        and (not request.HasField("group_name") or shown.group_name == request.group_name)
        and (not request.HasField("start_time") or created >= millis(request.start_time))
        and (not request.HasField("end_time") or created < millis(request.end_time))
    )


def _fitting(rows: Sequence[Row], items: int, most: int) -> Sequence[Row]:
    """As many as a page takes, but at least one."""
    size = 0
    for index, row in enumerate(rows[:items]):
        size += row.shown.ByteSize()
        if size > most and index:
            return rows[:index]
    return rows[:items]
