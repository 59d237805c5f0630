"""Reads what a sender writes: payload, targets and the fields around them."""

from unisono.server.api.convert import fields
from unisono.server.api.convert.violations import Violations
from unisono.server.core.decide.commands import Content
from unisono.server.model import Limits, Payload, Platform, Priority, TargetPolicy
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

#: The fields that UpdateNotification can patch.
PATCHABLE = frozenset(("payload", "group_name", "priority", "display_time_to_live", "expire_time"))

#: What stands for a payload that is not patched.
NO_PAYLOAD = Payload()


def content(
    bad: Violations,
    message: service_pb.SendNotificationRequest | service_pb.NotificationContent,
    limits: Limits,
    *,
    prefix: str = "",
    mask: frozenset[str] = PATCHABLE,
) -> Content:
    """The content fields of a message; those outside the mask are not looked at."""

    def wanted(name: str) -> bool:
        return name in mask and message.HasField(name)  # type: ignore[arg-type]

    group_name = message.group_name if "group_name" in mask else ""
    priority = message.priority if "priority" in mask else 0
    ttl, expire = prefix + "display_time_to_live", prefix + "expire_time"
    return Content(
        payload=payload(bad, prefix + "payload", message.payload, limits)
        if "payload" in mask
        else NO_PAYLOAD,
        group_name=fields.identifier(bad, prefix + "group_name", group_name, limits.id_bytes, required=False),
        priority=fields.choice(bad, prefix + "priority", priority, Priority) or Priority.UNSPECIFIED,
        display_time_to_live=fields.duration(bad, ttl, message.display_time_to_live, limits.expire_after_max)
        if wanted("display_time_to_live")
        else None,
        expire_time=fields.timestamp(bad, expire, message.expire_time) if wanted("expire_time") else None,
    )


def payload(bad: Violations, field: str, message: pb.Payload, limits: Limits) -> Payload:
    """A payload: visual content with a title, or raw content, or both."""
    visual = message.visual_content if message.HasField("visual_content") else None
    if visual is None and not message.raw_content:
        bad.add(field, "must have visual_content or raw_content")
    raw = fields.raw(bad, f"{field}.raw_content", message.raw_content, limits.raw_content_bytes)
    if visual is None:
        return Payload(raw_content=raw)
    if not visual.title:
        bad.add(f"{field}.visual_content.title", "is required")
    return Payload(
        title=fields.text(bad, f"{field}.visual_content.title", visual.title, limits.title_bytes),
        body=fields.text(bad, f"{field}.visual_content.body", visual.body, limits.body_bytes),
        raw_content=raw,
    )


def target_policy(bad: Violations, message: pb.TargetPolicy, limits: Limits) -> TargetPolicy:
    """The target policy; empty means every endpoint."""
    platforms: list[Platform] = []
    for index, value in enumerate(message.platforms):
        platform = platform_of(bad, f"target_policy.platforms[{index}]", value)
        if platform is not None:
            platforms.append(platform)
    ids = message.endpoint_ids
    fields.at_most(bad, "target_policy.endpoint_ids", ids, limits.target_endpoints)
    for index, id_ in enumerate(ids[: limits.target_endpoints]):
        field = f"target_policy.endpoint_ids[{index}]"
        fields.identifier(bad, field, id_, limits.id_bytes, required=True)
    return TargetPolicy.of(platforms, ids)


def platform_of(bad: Violations, field: str, value: int) -> Platform | None:
    """A platform, which must be given."""
    if value == 0:
        bad.add(field, "is required")
    return fields.choice(bad, field, value, Platform)
