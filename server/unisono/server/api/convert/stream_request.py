"""Validates a `SubscribeRequest`."""

from unisono.server.api.convert import fields
from unisono.server.api.convert.violations import Violations
from unisono.server.api.request_context import RequestContext
from unisono.server.core.feeds import StreamRequest
from unisono.server.model import Platform
from unisono.v1 import feed_service_pb2 as pb

_DAY = 24 * 3600 * 1000


def stream_request(request_context: RequestContext, message: pb.SubscribeRequest) -> StreamRequest:
    """Validate a `SubscribeRequest`, and return what the device asks for.

    Raises InvalidRequest with all bad fields, and PermissionDenied for another user than the device's. A
    resume token is not opened here, and the heartbeat is not clamped yet.
    """
    violations = Violations()
    actor = request_context.writing_actor(violations, message.user_id, message.endpoint_id)
    platform = fields.choice(violations, "platform", message.platform, Platform)
    name = message.display_name
    fields.identifier(violations, "display_name", name, request_context.limits.id_bytes, required=False)
    if message.start_position not in pb.StartPosition.values():
        violations.add("start_position", f"has no value {message.start_position}")
    token = message.resume_token if message.WhichOneof("start") == "resume_token" else None
    heartbeat = _heartbeat(violations, message)
    violations.check()
    return StreamRequest(
        feed=actor.feed,
        endpoint_id=actor.endpoint_id,
        platform=platform,
        display_name=name,
        resume_token=token,
        from_end=message.start_position == pb.START_POSITION_END,
        heartbeat=heartbeat,
        expire_time=request_context.principal.expire_time,
        transport=request_context.transport,
        ephemeral=message.ephemeral,
    )


def _heartbeat(violations: Violations, message: pb.SubscribeRequest) -> float | None:
    """Return the heartbeat interval in seconds; None when the device gives none."""
    if not message.HasField("heartbeat_interval"):
        return None
    millis = fields.duration(violations, "heartbeat_interval", message.heartbeat_interval, _DAY)
    return millis / 1000
