"""Validates what a sender writes: payload, target policy and the other fields of content."""

from unisono.server.api.convert import fields
from unisono.server.api.convert.payload import payload
from unisono.server.api.convert.violations import Violations
from unisono.server.core.decide.commands import EncodedContent
from unisono.server.model import EVERY_ENDPOINT, Limits, Platform, Priority, TargetPolicy
from unisono.server.model.limits import TARGET_PLATFORMS
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

#: The fields that `UpdateNotification` can patch.
PATCHABLE = frozenset(
    ("payload", "group_name", "category", "priority", "display_time_to_live", "expire_time")
)


def content(
    violations: Violations,
    message: service_pb.SendNotificationRequest | service_pb.NotificationContent,
    limits: Limits,
    *,
    prefix: str = "",
    mask: frozenset[str] = PATCHABLE,
) -> EncodedContent:
    """Validate the content fields of a message, and return them.

    Fields outside `mask` are ignored, and come out as absent. Violations are added with `prefix` before the
    name of the field. Times are in milliseconds; whether `expire_time` is in the future is not checked here.
    """
    body = payload(violations, f"{prefix}payload", message.payload, limits) if "payload" in mask else b""
    group_name = message.group_name if "group_name" in mask else ""
    fields.identifier(violations, f"{prefix}group_name", group_name, limits.id_bytes, required=False)
    category = message.category if "category" in mask else ""
    fields.identifier(violations, f"{prefix}category", category, limits.id_bytes, required=False)
    priority = message.priority if "priority" in mask else 0
    with_ttl = "display_time_to_live" in mask and message.HasField("display_time_to_live")
    with_expiry = "expire_time" in mask and message.HasField("expire_time")
    ttl, expire = prefix + "display_time_to_live", prefix + "expire_time"
    return EncodedContent(
        payload=body,
        group_name=group_name,
        category=category,
        priority=fields.choice(violations, prefix + "priority", priority, Priority) or Priority.UNSPECIFIED,
        display_time_to_live=fields.duration(
            violations, ttl, message.display_time_to_live, limits.expire_after_max
        )
        if with_ttl
        else None,
        expire_time=fields.timestamp(violations, expire, message.expire_time) if with_expiry else None,
    )


def target_policy(violations: Violations, message: pb.TargetPolicy, limits: Limits) -> TargetPolicy:
    """Validate a target policy, and return it; one that names nothing is `EVERY_ENDPOINT`.

    Unknown platforms are added as violations, and left out of the result.
    """
    if not message.platforms and not message.endpoint_ids:
        return EVERY_ENDPOINT
    values = fields.members_at_most(
        violations, "target_policy.platforms", message.platforms, TARGET_PLATFORMS
    )
    platforms: list[Platform] = []
    for index, value in enumerate(values):
        platform = platform_of(violations, f"target_policy.platforms[{index}]", value)
        if platform is not None:
            platforms.append(platform)
    ids = fields.members_at_most(
        violations, "target_policy.endpoint_ids", message.endpoint_ids, limits.target_endpoints
    )
    for index, id_ in enumerate(ids):
        field = f"target_policy.endpoint_ids[{index}]"
        fields.identifier(violations, field, id_, limits.id_bytes, required=True)
    return TargetPolicy.of(platforms, ids)


def platform_of(violations: Violations, field: str, value: int) -> Platform | None:
    """Return a platform; adds a violation, and returns None, when it is unspecified or unknown."""
    if value == 0:
        violations.add(field, "is required")
    return fields.choice(violations, field, value, Platform)
