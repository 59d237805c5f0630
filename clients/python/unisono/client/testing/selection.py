"""The selector of a call about many notifications: its checks, and the rows that it means."""

from collections.abc import Iterable
from typing import TypeAlias

from unisono.client.testing import checks
from unisono.client.testing.checks import Violations
from unisono.client.testing.feed import Endpoint, Row
from unisono.client.testing.patching import check_ref
from unisono.client.testing.request_context import Actor, RequestContext
from unisono.v1 import notification_pb2 as pb
from unisono.v1.notification_service_pb2 import DeleteNotificationsRequest, MarkNotificationsRequest

#: A request with a selector and `up_to_revision`.
Selecting: TypeAlias = MarkNotificationsRequest | DeleteNotificationsRequest


def check_selector(violations: Violations, request_context: RequestContext, request: Selecting) -> None:
    """Check which notifications a request selects."""
    limits, kind = request_context.limits, request.WhichOneof("selector")
    if kind is None:
        violations.add("selector", "is required: references, group_name or all")
    if kind == "group_name":
        checks.check_name(violations, "group_name", request.group_name, limits.id_bytes, required=True)
    if kind == "references":
        named = checks.check_members(
            violations, "references.refs", request.references.refs, limits.mark_references
        )
        for index, ref in enumerate(named):
            check_ref(violations, f"references.refs[{index}]", ref, limits.id_bytes)


def check_up_to_revision(violations: Violations, request: Selecting) -> None:
    """Check the `up_to_revision` of a request, if it has one."""
    if request.HasField("up_to_revision"):
        checks.check_revision(violations, "up_to_revision", request.up_to_revision)


def named(actor: Actor, request: Selecting) -> list[tuple[pb.NotificationRef, Row | None]]:
    """Return the references of a request, each once, with the row, live or not, that each means, if any."""
    refs = {(ref.id, ref.app_notification_id): ref for ref in request.references.refs}
    return [(ref, actor.feed.named(ref, actor.role)) for ref in refs.values()]


def scanned(actor: Actor, endpoint: Endpoint | None, request: Selecting) -> list[Row]:
    """Return the live rows of the group that a request selects, or all: of an endpoint, those for it."""
    if request.WhichOneof("selector") == "group_name":
        return [row for row in actor.feed.live if row.message.group_name == request.group_name]
    return [row for row in actor.feed.live if row.is_for(endpoint)]


def distinct(rows: Iterable[Row]) -> list[Row]:
    """Return the rows, each once, however many references mean it."""
    return list({row.message.id: row for row in rows}.values())


def is_newer(row: Row, request: Selecting) -> bool:
    """Return whether content or alert of a row are newer than the `up_to_revision` of a request.

    Without one nothing is: what a call works on does not change while it does.
    """
    newest = max(row.content_revision, row.message.alert_revision)
    return request.HasField("up_to_revision") and newest > request.up_to_revision
