"""The method that marks, MarkNotifications: a new state for one, several, a group or all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from unisono.client.testing import checks, endpoints, errors, selection
from unisono.client.testing.checks import Violations
from unisono.client.testing.feed import Endpoint, Row, copy_message
from unisono.client.testing.limits import ACTION_BYTES
from unisono.client.testing.patching import check_revision, expected_revision
from unisono.client.testing.request_context import Actor, RequestContext
from unisono.client.testing.times import length, millis, timestamp
from unisono.v1 import notification_pb2 as pb
from unisono.v1.feed_service_pb2 import CHANGE_TYPE_STATE_CHANGED
from unisono.v1.notification_service_pb2 import MarkNotificationsRequest, MarkNotificationsResponse


def mark_notifications(
    request_context: RequestContext, request: MarkNotificationsRequest
) -> MarkNotificationsResponse:
    """Answer MarkNotifications: give the selected notifications a new state, each as a change of the feed.

    Raises `InvalidRequest`, `NotFound` where no reference names a live notification or the endpoint is
    not registered, `EndpointDeleted`, and `RevisionMismatch`.
    """
    actor, new = _read(request_context, request)
    feed = actor.feed
    endpoint = endpoints.require_endpoint(feed, actor.endpoint_id) if actor.endpoint_id else None
    feed.record_activity(actor.endpoint_id, request_context.now)
    rows, missing = _selected(actor, endpoint, request)
    if request.HasField("references") and len(rows) + len(missing) == 1:
        _check_single(rows[0], new)
    asked = [row for row in rows if new.is_other(row)]
    skipped = [row for row in asked if new.leaves_alone(row) or new.acted_otherwise(row)]
    changing = [row for row in asked if new.patched(row) != row.message and not new.leaves_alone(row)]
    if changing:
        request_context.check_space()
    for row in changing:
        changed = replace(row, message=new.patched(row))
        feed.commit(changed, CHANGE_TYPE_STATE_CHANGED, request_context.now, actor.endpoint_id)
    return MarkNotificationsResponse(
        changed=len(asked) - len(skipped),
        skipped=len(skipped),
        last_revision=feed.revision,
        unread_count=feed.unread_count(endpoint),
        not_found=missing,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _New:
    """The new state that a request asks for. `snooze_until` is in ms since 1970."""

    request: MarkNotificationsRequest
    snooze_until: int | None
    expected_revision: int | None

    def patched(self, row: Row) -> pb.Notification:
        """Return a copy of the row's message in the new state."""
        message = copy_message(row)
        if self.request.read_state:
            message.read_state = self.request.read_state
        if self.request.user_action_state and not self.acted_otherwise(row):
            message.user_action_state = self.request.user_action_state
            message.ClearField("snooze_until")
            if self.request.action_id or message.user_action_state != pb.USER_ACTION_STATE_ACTIVATED:
                message.action_id = self.request.action_id
        if self.snooze_until is not None:
            message.snooze_until.CopyFrom(timestamp(self.snooze_until))
        return message

    def is_other(self, row: Row) -> bool:
        """Return whether the row is not as asked already."""
        return self.acted_otherwise(row) or self.patched(row) != row.message

    def acted_otherwise(self, row: Row) -> bool:
        """Return whether the user has chosen another action before, which stays."""
        chosen, asked = row.message.action_id, self.request.action_id
        return bool(chosen and asked) and chosen != asked

    def leaves_alone(self, row: Row) -> bool:
        """Return whether to skip a row: newer than `up_to_revision`, or expiring before the snooze ends."""
        return selection.is_newer(row, self.request) or self.outlasts(row)

    def outlasts(self, row: Row) -> bool:
        """Return whether the notification expires before the snooze ends, or as it ends."""
        return self.snooze_until is not None and self.snooze_until >= millis(row.message.expire_time)


def _read(request_context: RequestContext, request: MarkNotificationsRequest) -> tuple[Actor, _New]:
    violations = Violations()
    actor = request_context.writing_actor(violations, request.user_id, request.endpoint_id)
    selection.check_selector(violations, request_context, request)
    until = _check_state(violations, request_context, request)
    selection.check_up_to_revision(violations, request)
    expected = expected_revision(violations, request)
    if expected is not None and len(request.references.refs) != 1:
        violations.add("expected_revision", "goes with exactly one reference")
    violations.check()
    return actor, _New(request=request, snooze_until=until, expected_revision=expected)


def _check_state(
    violations: Violations, request_context: RequestContext, request: MarkNotificationsRequest
) -> int | None:
    """Check the new state, and return the end of the snooze (ms since 1970), if there is one."""
    checks.check_enum(violations, "read_state", request.read_state, checks.READ_STATES)
    checks.check_enum(violations, "user_action_state", request.user_action_state, checks.USER_ACTION_STATES)
    if not request.read_state and not request.user_action_state:
        violations.add("read_state", "or user_action_state is required")
    _check_action(violations, request)
    for field in ("snooze_until", "snooze_for"):
        if request.HasField(field) and request.user_action_state != pb.USER_ACTION_STATE_SNOOZED:
            violations.add(field, "goes with USER_ACTION_STATE_SNOOZED only")
    if request.HasField("snooze_for"):
        if request.HasField("snooze_until"):
            violations.add("snooze_for", "excludes snooze_until")
        longest = length(request_context.limits.expire_after_max)
        checks.check_duration(violations, "snooze_for", request.snooze_for, longest)
        return request_context.now + millis(request.snooze_for)
    if not request.HasField("snooze_until"):
        return None
    until = checks.check_time(violations, "snooze_until", request.snooze_until)
    if until is not None and until <= request_context.now:
        violations.add("snooze_until", "must be in the future")
    return until


def _check_action(violations: Violations, request: MarkNotificationsRequest) -> None:
    checks.check_name(violations, "action_id", request.action_id, ACTION_BYTES)
    if request.action_id and request.user_action_state != pb.USER_ACTION_STATE_ACTIVATED:
        violations.add("action_id", "goes with USER_ACTION_STATE_ACTIVATED only")
    if request.action_id and request.WhichOneof("selector") != "references":
        violations.add("action_id", "goes with references only")


def _selected(
    actor: Actor, endpoint: Endpoint | None, request: MarkNotificationsRequest
) -> tuple[Sequence[Row], Sequence[pb.NotificationRef]]:
    """Return the selected rows, each once, and the references that name nothing live."""
    if not request.HasField("references"):
        return selection.scanned(actor, endpoint, request), ()
    named = selection.named(actor, request)
    rows = selection.distinct(row for _, row in named if row is not None and row.live)
    if not rows:
        raise errors.no_notification()
    return rows, [ref for ref, row in named if row is None or not row.live]


def _check_single(row: Row, new: _New) -> None:
    """Raise what a single notification fails with, where several would be skipped."""
    if not new.is_other(row):
        return
    check_revision(row, new.expected_revision)
    if new.outlasts(row):
        raise errors.invalid([("snooze_until", "the snooze must end before the notification's expire_time")])
