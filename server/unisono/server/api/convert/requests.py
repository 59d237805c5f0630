"""Validates the requests of `NotificationService` that change something."""

from collections.abc import Sequence

from unisono.server.api.convert import fields
from unisono.server.api.convert.content import PATCHABLE, content, target_policy
from unisono.server.api.convert.violations import Violations
from unisono.server.api.request_context import RequestContext
from unisono.server.core.decide.commands import Delete, Ref, StateFilter, StatePatch, Update
from unisono.server.core.decide.send import expiry
from unisono.server.core.deleting import DeleteManyRequest
from unisono.server.core.marking import MarkRequest
from unisono.server.core.notifications import SendRequest
from unisono.server.core.stepping import Selector
from unisono.server.errors import InvalidRequest
from unisono.server.model import ReadState, UserActionState
from unisono.server.model.limits import ACTION_BYTES, MASK_PATHS
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb


def send_request(request_context: RequestContext, message: service_pb.SendNotificationRequest) -> SendRequest:
    """Validate a `SendNotificationRequest`.

    Raises InvalidRequest with all bad fields, and PermissionDenied for another user than the device's.
    Whether `expire_time` is possible is decided by the commit, after deduplication: it is checked here only
    where other fields are bad.
    """
    violations = Violations()
    actor = request_context.writing_actor(violations, message.user_id, message.endpoint_id)
    key = message.app_notification_id
    fields.identifier(violations, "app_notification_id", key, request_context.limits.id_bytes, required=False)
    if message.on_conflict not in (0, service_pb.CONFLICT_POLICY_REPLACE):
        violations.add("on_conflict", f"has no value {message.on_conflict}")
    new = content(violations, message, request_context.limits)
    target = target_policy(violations, message.target_policy, request_context.limits)
    if violations:
        _check_expiry(violations, new.expire_time, request_context)
    violations.check()
    return SendRequest(
        actor=actor,
        key=key,
        content=new,
        target=target,
        replace=message.on_conflict == service_pb.CONFLICT_POLICY_REPLACE,
        silent=message.silent,
    )


def parse_ref(violations: Violations, field: str, message: pb.NotificationRef, limit: int) -> Ref:
    """Validate a reference, by id or by key; adds violations below the path `field`, and raises nothing."""
    match message.WhichOneof("ref"):
        case "id":
            return Ref(id=fields.identifier(violations, f"{field}.id", message.id, limit, required=True))
        case "app_notification_id":
            path = f"{field}.app_notification_id"
            return Ref(
                key=fields.identifier(violations, path, message.app_notification_id, limit, required=True)
            )
        case _:
            violations.add(field, "is required: an id or an app_notification_id")
            return Ref()


def update_command(request_context: RequestContext, message: service_pb.UpdateNotificationRequest) -> Update:
    """Validate an `UpdateNotificationRequest`.

    Raises InvalidRequest with all bad fields, and PermissionDenied for another user than the device's.
    """
    violations = Violations()
    actor = request_context.writing_actor(violations, message.user_id, message.endpoint_id)
    named = parse_ref(violations, "notification", message.notification, request_context.limits.id_bytes)
    mask = parse_mask(violations, message.update_mask.paths, PATCHABLE)
    new = content(violations, message.content, request_context.limits, prefix="content.", mask=mask)
    _check_expiry(violations, new.expire_time, request_context, prefix="content.")
    expected = _expected_revision(violations, message)
    violations.check()
    return Update(
        actor=actor,
        ref=named,
        content=new,
        mask=mask,
        silent=message.silent,
        expected_revision=expected,
    )


def parse_mask(violations: Violations, paths: Sequence[str], known: frozenset[str]) -> frozenset[str]:
    """Return the fields that an update mask names, of those in `known`.

    Adds a violation when it names none, an unknown one, or more than `MASK_PATHS`.
    """
    if not paths:
        violations.add("update_mask", "is required")
    listed = fields.members_at_most(violations, "update_mask", paths, MASK_PATHS)
    for path in listed:
        if path not in known:
            names = ", ".join(sorted(known))
            violations.add("update_mask", f"has no path {path[:64]!r}; known are {names}")
    return known & frozenset(listed)


def mark_request(
    request_context: RequestContext, message: service_pb.MarkNotificationsRequest
) -> MarkRequest:
    """Validate a `MarkNotificationsRequest`.

    Raises InvalidRequest with all bad fields, and PermissionDenied for another user than the device's.
    """
    violations = Violations()
    actor = request_context.writing_actor(violations, message.user_id, message.endpoint_id)
    chosen = _selector(violations, message, request_context)
    patch = _state_patch(violations, message, request_context)
    up_to = _up_to_revision(violations, message)
    expected = _expected_revision(violations, message)
    if expected is not None and (chosen.refs is None or len(chosen.refs) != 1):
        violations.add("expected_revision", "goes with exactly one reference")
    violations.check()
    return MarkRequest(
        actor=actor,
        selector=chosen,
        patch=patch,
        up_to_revision=up_to,
        expected_revision=expected,
    )


def delete_command(request_context: RequestContext, message: service_pb.DeleteNotificationRequest) -> Delete:
    """Validate a `DeleteNotificationRequest`.

    Raises InvalidRequest with all bad fields, and PermissionDenied for another user than the device's.
    """
    violations = Violations()
    actor = request_context.writing_actor(violations, message.user_id, message.endpoint_id)
    named = parse_ref(violations, "notification", message.notification, request_context.limits.id_bytes)
    expected = _expected_revision(violations, message)
    violations.check()
    return Delete(actor=actor, ref=named, expected_revision=expected)


def delete_many_request(
    request_context: RequestContext, message: service_pb.DeleteNotificationsRequest
) -> DeleteManyRequest:
    """Validate a `DeleteNotificationsRequest`.

    Raises InvalidRequest with all bad fields, and PermissionDenied for another user than the device's.
    """
    violations = Violations()
    actor = request_context.writing_actor(violations, message.user_id, message.endpoint_id)
    chosen = _selector(violations, message, request_context)
    read = fields.choice(violations, "read_state", message.read_state, ReadState)
    action = fields.choice(violations, "user_action_state", message.user_action_state, UserActionState)
    up_to = _up_to_revision(violations, message)
    violations.check()
    return DeleteManyRequest(
        actor=actor,
        selector=chosen,
        where=StateFilter(read_state=read, user_action_state=action),
        up_to_revision=up_to,
    )


def _selector(
    violations: Violations,
    message: service_pb.MarkNotificationsRequest | service_pb.DeleteNotificationsRequest,
    request_context: RequestContext,
) -> Selector:
    """Validate the selector of what to mark or to delete."""
    limits = request_context.limits
    match message.WhichOneof("selector"):
        case "references":
            most, longest = limits.mark_references, limits.id_bytes
            refs = enumerate(fields.members(violations, "references.refs", message.references.refs, most))
            return Selector(
                refs=tuple(parse_ref(violations, f"references.refs[{i}]", r, longest) for i, r in refs)
            )
        case "group_name":
            name = message.group_name
            fields.identifier(violations, "group_name", name, limits.id_bytes, required=True)
            return Selector(group_name=name)
        case "all":
            return Selector()
        case _:
            violations.add("selector", "is required: references, group_name or all")
            return Selector()


def _state_patch(
    violations: Violations, message: service_pb.MarkNotificationsRequest, request_context: RequestContext
) -> StatePatch:
    """Validate the new state, of which at least one part must be given."""
    read = fields.choice(violations, "read_state", message.read_state, ReadState)
    action = fields.choice(violations, "user_action_state", message.user_action_state, UserActionState)
    if message.read_state == 0 and message.user_action_state == 0:
        violations.add("read_state", "or user_action_state is required")
    action_id = fields.identifier(violations, "action_id", message.action_id, ACTION_BYTES, required=False)
    if action_id and message.user_action_state != pb.USER_ACTION_STATE_ACTIVATED:
        violations.add("action_id", "goes with USER_ACTION_STATE_ACTIVATED only")
    if action_id and message.WhichOneof("selector") != "references":
        violations.add("action_id", "goes with references only")
    until = _snooze_end(violations, message, request_context)
    return StatePatch(read_state=read, user_action_state=action, action_id=action_id, snooze_until=until)


def _snooze_end(
    violations: Violations, message: service_pb.MarkNotificationsRequest, request_context: RequestContext
) -> int | None:
    """Validate how long to snooze, and return the end in ms since 1970; None: until somebody ends it.

    A span counts from when the call arrived, so that all steps of a mark end at the same time.
    """
    for field in ("snooze_until", "snooze_for"):
        if message.HasField(field) and message.user_action_state != pb.USER_ACTION_STATE_SNOOZED:
            violations.add(field, "goes with USER_ACTION_STATE_SNOOZED only")
    if message.HasField("snooze_for"):
        if message.HasField("snooze_until"):
            violations.add("snooze_for", "excludes snooze_until")
        longest = request_context.limits.expire_after_max
        return request_context.now + fields.duration(violations, "snooze_for", message.snooze_for, longest)
    if not message.HasField("snooze_until"):
        return None
    until = fields.timestamp(violations, "snooze_until", message.snooze_until)
    if until is not None and until <= request_context.now:
        violations.add("snooze_until", "must be in the future")
    return until


def _up_to_revision(
    violations: Violations,
    message: service_pb.MarkNotificationsRequest | service_pb.DeleteNotificationsRequest,
) -> int | None:
    """Return the revision beyond which what is newer is left alone; None without one."""
    if not message.HasField("up_to_revision"):
        return None
    return fields.revision(violations, "up_to_revision", message.up_to_revision)


def _expected_revision(
    violations: Violations,
    message: service_pb.UpdateNotificationRequest
    | service_pb.MarkNotificationsRequest
    | service_pb.DeleteNotificationRequest,
) -> int | None:
    """Return the revision of a compare-and-set; None without one."""
    if not message.HasField("expected_revision"):
        return None
    return fields.revision(violations, "expected_revision", message.expected_revision)


def _check_expiry(
    violations: Violations, requested: int | None, request_context: RequestContext, prefix: str = ""
) -> None:
    """Check `expire_time` against the clock; a send leaves that to its commit, after deduplication."""
    try:
        expiry(requested, request_context.now, request_context.limits)
    except InvalidRequest as error:
        for violation in error.violations:
            violations.add(prefix + violation.field, violation.description)
