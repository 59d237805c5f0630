"""What is between a notification and an endpoint, as a sentence for a person."""

from collections.abc import Sequence

from unisono.server.app.words import moment, named
from unisono.v1 import admin_service_pb2 as pb
from unisono.v1 import notification_pb2 as notification_pb


def delivery(
    one: pb.NotificationExplanation,
    each: pb.DeliveryExplanation,
    endpoint: pb.EndpointExplanation,
    streams: Sequence[pb.StreamExplanation],
) -> str:
    """Return whether the notification is meant for the endpoint, whether that has it, or why not."""
    match each.reach:
        case pb.REACH_NOT_TARGETED:
            return f"not meant for it: the target policy names {_policy(one.target_policy)}"
        case pb.REACH_ENDPOINT_DELETED:
            return f"gets nothing: deleted {moment(endpoint.delete_time.ToMilliseconds())}"
        case pb.REACH_REGISTERED_LATER:
            later = "; registered after the last ring of it, so it comes without one"
        case _:
            later = ""
    receipt = _receipt(each.receipt, endpoint.acknowledged_revision)
    seen = "" if each.receipt == pb.RECEIPT_ACKNOWLEDGED else _sent(one, streams)
    return f"{receipt}{seen}{later}"


def _receipt(receipt: pb.Receipt.ValueType, acknowledged: int) -> str:
    match receipt:
        case pb.RECEIPT_ACKNOWLEDGED:
            return f"has it: it has acknowledged everything up to revision {acknowledged}"
        case pb.RECEIPT_EARLIER_STATE:
            return f"had it before its last change: it has acknowledged up to revision {acknowledged}"
        case pb.RECEIPT_NOT_ACKNOWLEDGED:
            return (
                f"has not acknowledged it, but what is up to revision {acknowledged}, before it was created"
            )
        case _:
            return "whether it has it is not known: it has acknowledged nothing"


def _sent(one: pb.NotificationExplanation, streams: Sequence[pb.StreamExplanation]) -> str:
    """Return what is known of it by the streams that are open."""
    positions = [stream.position for stream in streams if stream.HasField("position")]
    if not positions:
        return ", and no stream of it is open"
    if max(positions) >= one.revision:
        return "; its open stream was sent all of it"
    return f"; its open stream was sent what is up to revision {max(positions)}"


def _policy(policy: notification_pb.TargetPolicy) -> str:
    platforms = [
        notification_pb.DevicePlatform.Name(platform).removeprefix("DEVICE_PLATFORM_")
        for platform in policy.platforms
    ]
    parts = [
        f"the {kind} {', '.join(found[:_SHOWN])}{', ...' if len(found) > _SHOWN else ''}"
        for kind, found in (
            ("platforms" if len(platforms) > 1 else "platform", platforms),
            (
                "endpoints" if len(policy.endpoint_ids) > 1 else "endpoint",
                list(map(named, policy.endpoint_ids)),
            ),
        )
        if found
    ]
    return " and ".join(parts)


_SHOWN = 5
"""Names of a target policy that are shown of each kind."""
