"""What a mark means when it is made: what is held of what it selects, each with its base."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from unisono.client._device.inbox import Inbox
from unisono.client._device.marking import Patch, expire_time_of, marked, outlasts
from unisono.client._device.overlay import Overlay
from unisono.client._device.pending_mark import RefKey
from unisono.client._device.standing import Base, decided_on
from unisono.v1 import notification_pb2 as pb
from unisono.v1.notification_service_pb2 import MarkNotificationsRequest

Named: TypeAlias = Iterator[tuple[RefKey, pb.Notification | None]]


@dataclass(slots=True)
class Chosen:
    """The references that a mark means, and the bases of those that were held, by id."""

    refs: dict[RefKey, None] = field(default_factory=dict)
    bases: dict[str, Base] = field(default_factory=dict)


def choose(request: MarkNotificationsRequest, patch: Patch, inbox: Inbox, overlay: Overlay) -> Chosen:
    """Return what a mark means on a device that holds this.

    A group or everything means what is held of it and would be changed by the mark, with own earlier ones
    laid over. What is named stays named, by its id where it is held, unless it expires before the snooze
    ends. What may have newer content than its user has seen gets no base: only the server knows.
    """
    chosen = Chosen()
    by_name = request.WhichOneof("selector") == "references"
    for ref, row in _named(request, inbox) if by_name else _selected(request, patch, inbox, overlay):
        if row is None or (by_name and _may_be_newer(row, request)):
            chosen.refs[ref] = None
        elif not outlasts(patch, expire_time_of(row)):
            chosen.refs[RefKey(row.id)] = None
            if not _may_be_newer(row, request):
                chosen.bases[row.id] = decided_on(overlay.states(row), patch)
    return chosen


def _named(request: MarkNotificationsRequest, inbox: Inbox) -> Named:
    refs = [RefKey.of(ref) for ref in request.references.refs]
    by_key: dict[str, pb.Notification] = {}
    if any(ref.app_notification_id for ref in refs):
        # Of two with one key, the user's own is meant (NotificationRef).
        own_last = sorted(inbox.rows(), key=lambda row: row.sender_role == pb.SENDER_ROLE_USER)
        by_key = {row.app_notification_id: row for row in own_last}
    for ref in refs:
        key = ref.app_notification_id
        yield ref, by_key.get(key) if key else inbox.row(ref.id)


def _selected(request: MarkNotificationsRequest, patch: Patch, inbox: Inbox, overlay: Overlay) -> Named:
    group = request.group_name if request.WhichOneof("selector") == "group_name" else None
    for row in inbox.rows():
        if group not in (None, row.group_name):
            continue
        state = overlay.states(row)[-1]
        alerted_later = request.HasField("up_to_revision") and row.alert_revision > request.up_to_revision
        if not alerted_later and marked(state, patch, expire_time_of(row)) != state:
            yield RefKey(row.id), row


def _may_be_newer(row: pb.Notification, request: MarkNotificationsRequest) -> bool:
    """Return whether content or alert of a row may be newer than `up_to_revision`."""
    return request.HasField("up_to_revision") and row.revision > request.up_to_revision
