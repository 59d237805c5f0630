"""Reads requests for explanations, and builds their messages. Nothing of a content is in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from unisono.server.api.convert import fields
from unisono.server.api.convert.messages import target_policy, timestamp
from unisono.server.api.convert.requests import parse_ref
from unisono.server.api.convert.violations import Violations
from unisono.server.api.request_context import RequestContext
from unisono.server.core import explanation
from unisono.server.core.decide.commands import Ref
from unisono.server.core.explaining import Known, OpenStream
from unisono.server.model import Endpoint, Feed, FeedKey, Notification
from unisono.server.model.changer import SERVICE, endpoint_of, publisher_of
from unisono.v1 import admin_service_pb2 as pb
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2

PAGE_MAX: Final = 20
PAGE_DEFAULT: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainRequest:
    """A validated request: of one notification, or of a page of at most `limit` below `before`."""

    feed: FeedKey
    ref: Ref | None
    before: int | None
    limit: int


def explain_request(
    request_context: RequestContext, message: pb.ExplainNotificationsRequest
) -> ExplainRequest:
    """Validate an `ExplainNotificationsRequest`. Raises InvalidRequest with all bad fields."""
    violations, longest = Violations(), request_context.limits.id_bytes
    fields.identifier(violations, "app_id", message.app_id, longest, required=True)
    fields.identifier(violations, "user_id", message.user_id, longest, required=True)
    ref = None
    if message.HasField("notification"):
        ref = parse_ref(violations, "notification", message.notification, longest)
    if not 0 <= message.page_size <= PAGE_MAX:
        violations.add("page_size", f"must be at least 0 and at most {PAGE_MAX}, is {message.page_size}")
    before = _before(violations, message.page_token)
    violations.check()
    return ExplainRequest(
        feed=FeedKey(message.app_id, message.user_id),
        ref=ref,
        before=before,
        limit=message.page_size or PAGE_DEFAULT,
    )


def _before(violations: Violations, token: str) -> int | None:
    if not token:
        return None
    if not (token.isascii() and token.isdecimal() and len(token) <= 16 and int(token) in fields.REVISIONS):
        violations.add("page_token", "is not one that this method gave out")
        return None
    return int(token)


def explained(known: Known, now: int) -> pb.ExplainNotificationsResponse:
    """Return what is known of a feed at `now` (ms since 1970), without its notifications."""
    message = pb.ExplainNotificationsResponse(
        time=timestamp(now),
        streams=map(_stream, known.streams),
        more_endpoints=known.more_endpoints,
        next_page_token="" if known.resume_before is None else str(known.resume_before),
    )
    if known.barred_until is not None:
        message.barred_until.CopyFrom(timestamp(known.barred_until))
    if known.inspection is not None:
        message.feed.CopyFrom(_feed(known.inspection.feed))
        message.endpoints.extend(map(_endpoint, known.endpoints))
    return message


def notification(row: Notification, endpoints: Sequence[Endpoint], now: int) -> pb.NotificationExplanation:
    """Return what is known of a notification at `now` (ms since 1970)."""
    ringing = explanation.ringing(row, now)
    message = pb.NotificationExplanation(
        id=row.id,
        sender_role=notification_pb2.SenderRole.ValueType(row.sender_role),
        create_time=timestamp(row.create_time),
        create_revision=row.create_revision,
        silent=explanation.silent(row),
        update_time=timestamp(row.update_time),
        revision=row.revision,
        expire_time=timestamp(row.expire_time),
        read_state=notification_pb2.ReadState.ValueType(row.read_state),
        user_action_state=notification_pb2.UserActionState.ValueType(row.user_action_state),
        ringing=pb.Ringing.ValueType(ringing),
        alert_revision=row.alert_revision,
        alert_time=timestamp(row.alert_time),
        target_policy=target_policy(row.target),
        deliveries=[_delivery(explanation.delivery(row, endpoint)) for endpoint in endpoints],
    )
    if row.changed_by:
        message.changed_by.CopyFrom(_changer(row.changed_by))
    if row.removal is not None:
        message.removal = feed_pb.ChangeType.ValueType(row.removal)
    if row.snooze_until is not None:
        message.snooze_until.CopyFrom(timestamp(row.snooze_until))
    if ringing is explanation.Ringing.RINGS:
        message.rings_until.CopyFrom(timestamp(row.rings_until))
    return message


def _changer(changed_by: str) -> pb.Changer:
    client_id = publisher_of(changed_by)
    if client_id is not None:
        return pb.Changer(client_id=client_id)
    if changed_by == SERVICE:
        return pb.Changer(service=True)
    return pb.Changer(endpoint_id=endpoint_of(changed_by))


def _feed(feed: Feed) -> pb.FeedExplanation:
    return pb.FeedExplanation(
        last_revision=feed.revision,
        floor=feed.floor,
        live_count=feed.live,
        unread_count=feed.unread_count(),
    )


def _endpoint(endpoint: Endpoint) -> pb.EndpointExplanation:
    deleted = None if endpoint.delete_time is None else timestamp(endpoint.delete_time)
    return pb.EndpointExplanation(
        endpoint_id=endpoint.endpoint_id,
        platform=notification_pb2.DevicePlatform.ValueType(endpoint.platform),
        create_time=timestamp(endpoint.create_time),
        last_seen_time=timestamp(endpoint.last_seen_time),
        acknowledged_revision=endpoint.acknowledged_revision,
        delete_time=deleted,
    )


def _stream(stream: OpenStream) -> pb.StreamExplanation:
    return pb.StreamExplanation(
        endpoint_id=stream.endpoint_id,
        position=stream.position,
        complete=stream.complete,
        superseded=stream.superseded,
    )


def _delivery(delivery: explanation.Delivery) -> pb.DeliveryExplanation:
    return pb.DeliveryExplanation(
        endpoint_id=delivery.endpoint_id,
        reach=pb.Reach.ValueType(delivery.reach),
        receipt=pb.Receipt.ValueType(delivery.receipt or 0),
    )
