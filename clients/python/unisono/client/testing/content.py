"""The content that a sender writes: its rules, and how it is put into a notification."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from unisono.client._model import Priority
from unisono.client.testing import checks
from unisono.client.testing.checks import Violations
from unisono.client.testing.limits import TARGET_PLATFORMS, Limits
from unisono.client.testing.payload import check_payload
from unisono.client.testing.times import duration, length, millis, timestamp
from unisono.v1 import notification_pb2 as pb
from unisono.v1.notification_service_pb2 import NotificationContent, SendNotificationRequest

#: The fields of `NotificationContent`, in the order of the proto.
CONTENT: Final = tuple(NotificationContent.DESCRIPTOR.fields_by_name)


def content(
    violations: Violations,
    asked: SendNotificationRequest | NotificationContent,
    limits: Limits,
    *,
    prefix: str = "",
    mask: Collection[str] = CONTENT,
) -> NotificationContent:
    """Check the content of a request, and return what of it the mask names, times in whole milliseconds.

    Bad fields are added to `violations`, by their names after `prefix`; an invalid `expire_time` is left out.
    """
    named: dict[str, Any] = {field.name: value for field, value in asked.ListFields() if field.name in mask}
    kept = NotificationContent(**named)
    if "payload" in mask:
        check_payload(violations, f"{prefix}payload", kept.payload, limits)
    checks.check_name(violations, f"{prefix}group_name", kept.group_name, limits.id_bytes)
    checks.check_name(violations, f"{prefix}category", kept.category, limits.id_bytes)
    checks.check_enum(violations, f"{prefix}priority", kept.priority, tuple(Priority))
    if kept.HasField("display_time_to_live"):
        most = length(limits.expire_after_max)
        checks.check_duration(violations, f"{prefix}display_time_to_live", kept.display_time_to_live, most)
        kept.display_time_to_live.CopyFrom(duration(millis(kept.display_time_to_live)))
    if kept.HasField("expire_time"):
        expire = checks.check_time(violations, f"{prefix}expire_time", kept.expire_time)
        kept.ClearField("expire_time")
        if expire is not None:
            kept.expire_time.CopyFrom(timestamp(expire))
    return kept


def target_policy(violations: Violations, asked: pb.TargetPolicy, limits: Limits) -> pb.TargetPolicy:
    """Check a target policy, and return it in canonical form: members sorted, each once."""
    platforms = checks.check_members(
        violations, "target_policy.platforms", asked.platforms, TARGET_PLATFORMS, min_items=0
    )
    for index, platform in enumerate(platforms):
        checked_platform(violations, f"target_policy.platforms[{index}]", platform)
    ids = checks.check_members(
        violations, "target_policy.endpoint_ids", asked.endpoint_ids, limits.target_endpoints, min_items=0
    )
    for index, id_ in enumerate(ids):
        checks.check_name(
            violations, f"target_policy.endpoint_ids[{index}]", id_, limits.id_bytes, required=True
        )
    return pb.TargetPolicy(platforms=sorted(set(platforms)), endpoint_ids=sorted(set(ids)))


def checked_platform(violations: Violations, field: str, platform: int) -> None:
    """Check a platform, which is required."""
    if not platform:
        violations.add(field, "is required")
    checks.check_enum(violations, field, platform, checks.PLATFORMS)


def check_expiry(
    violations: Violations, kept: NotificationContent, now: int, limits: Limits, prefix: str = ""
) -> None:
    """Check that `expire_time`, if present, is after `now` (ms since 1970) and not too far ahead."""
    if not kept.HasField("expire_time"):
        return
    expire = millis(kept.expire_time)
    if expire <= now:
        violations.add(f"{prefix}expire_time", "must be in the future")
    if expire > now + length(limits.expire_after_max):
        days = limits.expire_after_max.total_seconds() / 86_400
        violations.add(f"{prefix}expire_time", f"must be at most {days:g} days ahead")


def put(message: pb.Notification, kept: NotificationContent, names: Sequence[str]) -> None:
    """Set the named fields of a notification to this content; a field that it lacks is cleared."""
    clear(message, names)
    found: dict[str, Any] = {field.name: value for field, value in kept.ListFields() if field.name in names}
    message.MergeFrom(pb.Notification(**found))


def clear(message: pb.Notification, names: Sequence[str]) -> None:
    """Clear the named fields of a notification."""
    for name in names:
        message.ClearField(name)  # type: ignore[arg-type]  # any of its fields
