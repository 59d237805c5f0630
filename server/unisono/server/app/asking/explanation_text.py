"""An explanation as lines for a person, in plain sentences. What is not known is said to be not known."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from unisono.server.app.asking.delivery_text import delivery
from unisono.server.app.words import count, moment, named, table
from unisono.v1 import admin_service_pb2 as pb
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as notification_pb

Streams: TypeAlias = Mapping[str, Sequence[pb.StreamExplanation]]

_HEAD: Final = ("ENDPOINT", "PLATFORM", "REGISTERED", "LAST SEEN", "ACKNOWLEDGED", "STREAM")

_BY: Final = {
    notification_pb.SENDER_ROLE_PUBLISHER: "by a backend of the app",
    notification_pb.SENDER_ROLE_USER: "by a device of the user",
}

_REMOVED: Final = {
    feed_pb.CHANGE_TYPE_DELETED: "it was withdrawn",
    feed_pb.CHANGE_TYPE_EXPIRED: "its time was up",
    feed_pb.CHANGE_TYPE_DISPLACED: "it gave way to a new one in a full feed",
}

_SILENT: Final = {True: ", silently", False: "", None: "; whether silently is not known"}

_RINGS_NOT: Final = {
    pb.RINGING_SILENT: "it was sent silently, and nothing that rings has changed it since",
    pb.RINGING_READ: "it was read",
    pb.RINGING_DISMISSED: "it was dismissed",
    pb.RINGING_SNOOZED: "it is snoozed, and rings when that ends, {snooze_until}",
    pb.RINGING_DISPLAY_ENDED: "the time for which it is to be shown is over (display_time_to_live)",
    pb.RINGING_EXPIRED: "its time is up, and it is about to be removed",
    pb.RINGING_REMOVED: "it was removed",
}


def lines(answer: pb.ExplainNotificationsResponse, user_id: str, app_id: str, wanted: str) -> Iterator[str]:
    """Yield the lines about a user of an app; `wanted` is the notification that was asked for, or empty."""
    yield f"{named(user_id)} of {app_id}, at {moment(answer.time.ToMilliseconds())}"
    if answer.HasField("barred_until"):
        yield f"The user was deleted, and is barred until {moment(answer.barred_until.ToMilliseconds())}."
    if not answer.HasField("feed"):
        yield "Nothing is stored of the user here: there never was, it is long gone, or the user was deleted."
        return
    yield _counters(answer.feed)
    streams: dict[str, list[pb.StreamExplanation]] = {}
    for stream in answer.streams:
        streams.setdefault(stream.endpoint_id, []).append(stream)
    yield ""
    yield from _endpoints(answer, streams)
    if wanted and not answer.notifications:
        yield ""
        yield (
            f"The notification {named(wanted)} is not known: it never was in this feed, or its removal is "
            f"forgotten, as it may be of all that was removed up to revision {answer.feed.floor}."
        )
    for one in answer.notifications:
        yield ""
        yield named(one.id)
        yield from (f"  {line}" for line in table(_notification(one, answer, streams)))
    if answer.next_page_token:
        yield ""
        yield f"There are older ones that are live: --page {answer.next_page_token}"


def _counters(feed: pb.FeedExplanation) -> str:
    live = f"{count(feed.live_count, 'live notification')}, {feed.unread_count:,} of them unread"
    return f"The feed is at revision {feed.last_revision}, with {live}."


def _endpoints(answer: pb.ExplainNotificationsResponse, streams: Streams) -> Iterator[str]:
    if not answer.endpoints:
        yield "No endpoint is registered: no device gets anything."
        return
    yield from table([_HEAD, *(_endpoint(one, streams.get(one.endpoint_id, ())) for one in answer.endpoints)])
    if answer.more_endpoints:
        yield "There are more endpoints."


def _endpoint(endpoint: pb.EndpointExplanation, streams: Sequence[pb.StreamExplanation]) -> Sequence[str]:
    platform = notification_pb.DevicePlatform.Name(endpoint.platform).removeprefix("DEVICE_PLATFORM_")
    acknowledged = endpoint.acknowledged_revision
    return (
        named(endpoint.endpoint_id),
        platform,
        moment(endpoint.create_time.ToMilliseconds()),
        moment(endpoint.last_seen_time.ToMilliseconds()),
        f"up to {acknowledged}" if acknowledged else "nothing",
        f"deleted {moment(endpoint.delete_time.ToMilliseconds())}"
        if endpoint.HasField("delete_time")
        else "; ".join(map(_stream, streams)) or "none is open",
    )


def _stream(stream: pb.StreamExplanation) -> str:
    if stream.superseded:
        return "one that a newer one took over from"
    if not stream.HasField("position"):
        return "open, and about to begin"
    return f"open, {'at' if stream.complete else 'catching up at'} revision {stream.position}"


def _notification(
    one: pb.NotificationExplanation, answer: pb.ExplainNotificationsResponse, streams: Streams
) -> Iterator[Sequence[str]]:
    yield "created", _created(one)
    if one.revision != one.create_revision:
        when = f"{moment(one.update_time.ToMilliseconds())}, at revision {one.revision}"
        yield "changed", f"{when}, {_changer(one.changed_by)}"
    yield "state", _state(one)
    yield "rings", _ringing(one)
    endpoints = {endpoint.endpoint_id: endpoint for endpoint in answer.endpoints}
    for each in one.deliveries:
        of = streams.get(each.endpoint_id, ())
        yield named(each.endpoint_id), delivery(one, each, endpoints[each.endpoint_id], of)


def _created(one: pb.NotificationExplanation) -> str:
    silent = _SILENT[one.silent if one.HasField("silent") else None]
    known = one.revision == one.create_revision and one.HasField("changed_by")
    by = _changer(one.changed_by) if known else _BY.get(one.sender_role, "by whom is not known")
    return f"{moment(one.create_time.ToMilliseconds())}, at revision {one.create_revision}, {by}{silent}"


def _changer(changer: pb.Changer) -> str:
    match changer.WhichOneof("by"):
        case "endpoint_id":
            return f"by the device {named(changer.endpoint_id)}"
        case "client_id":
            return f"by the backend {named(changer.client_id)}"
        case "service":
            return "by the service itself"
        case _:
            return "by whom is not known"


def _state(one: pb.NotificationExplanation) -> str:
    if one.HasField("removal"):
        why = _REMOVED.get(one.removal, "why is not known")
        return f"removed {moment(one.update_time.ToMilliseconds())}: {why}"
    read = notification_pb.ReadState.Name(one.read_state).removeprefix("READ_STATE_").lower()
    action = notification_pb.UserActionState.Name(one.user_action_state)
    done = action.removeprefix("USER_ACTION_STATE_").lower().replace("_", " ")
    return f"live, {read}, {done}; expires {moment(one.expire_time.ToMilliseconds())}"


def _ringing(one: pb.NotificationExplanation) -> str:
    if one.ringing == pb.RINGING_RINGS:
        until = moment(one.rings_until.ToMilliseconds())
        return f"until {until}, on a device that has not got its revision {one.alert_revision}"
    why = _RINGS_NOT.get(one.ringing, "why is not known")
    return f"no: {why.format(snooze_until=moment(one.snooze_until.ToMilliseconds()))}"
