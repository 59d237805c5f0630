"""The methods of FeedService: Subscribe, Acknowledge, GetFeed and DeleteFeed."""

from google.protobuf.duration_pb2 import Duration

from unisono.client.testing import checks, endpoints, errors
from unisono.client.testing.checks import Violations
from unisono.client.testing.feed import Endpoint, Feed, FeedKey
from unisono.client.testing.request_context import Actor, RequestContext
from unisono.client.testing.session import Session, Start
from unisono.client.testing.state import Position
from unisono.client.testing.times import length, millis
from unisono.v1 import feed_service_pb2 as pb

_DAY = 24 * 3600 * 1000
_LONGEST_BAR = 30 * _DAY


def subscribe(request_context: RequestContext, request: pb.SubscribeRequest) -> Session:
    """Answer Subscribe: return a session of the endpoint, which supersedes older ones.

    A new endpoint is registered. With a position that it cannot resume from, the stream starts anew.
    Raises `InvalidRequest`, `ResumeTokenInvalid`, `EndpointDeleted`, `PlatformFixed`, and `QuotaExceeded`
    for too many streams or endpoints.
    """
    actor = _read(request_context, request)
    feed = actor.feed
    _check_streams(request_context, actor)
    registration = _registration(request_context, actor, request)
    endpoint = endpoints.ensure_endpoint(
        request_context,
        actor,
        request.platform,
        request.display_name,
        registration,
        ephemeral=request.ephemeral,
    )
    position = _resumed(request_context, feed, endpoint, request)
    start = Start(
        position=position or _start_over(feed, request),
        resumed=position is not None,
        heartbeat=_heartbeat(request_context, request),
    )
    for listener in feed.listeners:
        if listener.endpoint_id == endpoint.id:
            listener.end("SUPERSEDED")
    session = Session(request_context.state, request_context.principal, feed, endpoint, start)
    feed.listeners.add(session)
    return session


def acknowledge(request_context: RequestContext, request: pb.AcknowledgeRequest) -> pb.AcknowledgeResponse:
    """Answer Acknowledge: record up to where the device has everything; the response has the largest so far.

    A position of an earlier epoch changes nothing. Raises `InvalidRequest`, `ResumeTokenInvalid`, and
    `NotFound` or `EndpointDeleted` for the endpoint.
    """
    violations = Violations()
    actor = request_context.writing_actor(violations, request.user_id, request.endpoint_id)
    if not request.resume_token:
        violations.add("resume_token", "is required")
    violations.check()
    endpoint = endpoints.require_endpoint(actor.feed, actor.endpoint_id)
    state, message = request_context.state, endpoint.message
    registration = state.registration_of(actor.feed, actor.endpoint_id, request.resume_token)
    endpoints.require_endpoint(actor.feed, actor.endpoint_id, registration)
    position = state.unseal(actor.feed, endpoint, request.resume_token)
    if position is not None:
        message.acknowledged_revision = max(message.acknowledged_revision, position.cursor)
    actor.feed.record_activity(actor.endpoint_id, request_context.now)
    return pb.AcknowledgeResponse(acknowledged_revision=message.acknowledged_revision)


def get_feed(request_context: RequestContext, request: pb.GetFeedRequest) -> pb.GetFeedResponse:
    """Answer GetFeed: the last revision, and the unread count, of one endpoint if the request names it.

    Raises `InvalidRequest`, and `NotFound` or `EndpointDeleted` for the endpoint.
    """
    violations = Violations()
    feed = request_context.reading_actor(violations, request.user_id, request.endpoint_id).feed
    violations.check()
    endpoint = endpoints.require_endpoint(feed, request.endpoint_id) if request.endpoint_id else None
    return pb.GetFeedResponse(last_revision=feed.revision, unread_count=feed.unread_count(endpoint))


def delete_feed(request_context: RequestContext, request: pb.DeleteFeedRequest) -> pb.DeleteFeedResponse:
    """Answer DeleteFeed: forget the user, end the streams, and bar the user for a while if that is wanted.

    Raises `PermissionDenied` without the scope to delete, `InvalidRequest`, `QuotaExceeded` where as many
    users of the app are barred as may be, and `Unavailable` where nothing can be stored.
    """
    state, principal = request_context.state, request_context.principal
    if not principal.may_delete_feeds:
        raise errors.scope_missing(principal.role, "feeds.delete")
    violations = Violations()
    limit = request_context.limits.id_bytes
    checks.check_name(violations, "user_id", request.user_id, limit, required=True)
    if request.bar_for != Duration():
        checks.check_duration(violations, "bar_for", request.bar_for, _LONGEST_BAR)
    violations.check()
    key = FeedKey(principal.app_id, request.user_id)
    _bar(request_context, key, millis(request.bar_for))
    feed = state.feeds.get(key)
    if feed is None:
        return pb.DeleteFeedResponse(already_removed=True)
    if feed.used:
        request_context.check_space()
    del state.feeds[key]
    for listener in tuple(feed.listeners):
        listener.end("FEED_DELETED", 0.0)
    return pb.DeleteFeedResponse(already_removed=not feed.used)


def _bar(request_context: RequestContext, key: FeedKey, span: int) -> None:
    state, now = request_context.state, request_context.now
    state.bars = {known: until for known, until in state.bars.items() if until > now}
    if not span:
        return
    barred = sum(known.app_id == key.app_id for known in state.bars)
    limit = request_context.limits.barred_users_per_app
    if key not in state.bars and barred >= limit:
        text = f"{limit} users of the app are barred, which is the limit; delete without a bar, or wait"
        raise errors.quota_exceeded("BARS_EXCEEDED", text, limit)
    request_context.check_space()
    state.bars[key] = max(now + span, state.bars.get(key, 0))


def _read(request_context: RequestContext, request: pb.SubscribeRequest) -> Actor:
    violations = Violations()
    actor = request_context.writing_actor(violations, request.user_id, request.endpoint_id)
    checks.check_enum(violations, "platform", request.platform, checks.PLATFORMS)
    checks.check_name(violations, "display_name", request.display_name, request_context.limits.id_bytes)
    if request.start_position not in pb.StartPosition.values():
        violations.add("start_position", f"has no value {request.start_position}")
    if request.HasField("heartbeat_interval"):
        checks.check_duration(violations, "heartbeat_interval", request.heartbeat_interval, _DAY)
    violations.check()
    return actor


def _check_streams(request_context: RequestContext, actor: Actor) -> None:
    others = {listener.endpoint_id for listener in actor.feed.listeners} - {actor.endpoint_id}
    limit = request_context.limits.streams_per_user
    if len(others) >= limit:
        text = f"the user has {len(others)} streams open, which is the limit; close one"
        raise errors.quota_exceeded("OPEN_STREAMS_EXCEEDED", text, limit)
    count = len(actor.feed.listeners)
    if count >= 2 * limit:
        text = (
            f"the user has {count} streams open, those that newer ones took over from "
            "among them, which is the limit; read them to their end, or close their connections"
        )
        raise errors.quota_exceeded("OPEN_STREAMS_EXCEEDED", text, 2 * limit)


def _registration(request_context: RequestContext, actor: Actor, request: pb.SubscribeRequest) -> int | None:
    """Return of which registration of the endpoint the device holds a position; None if it holds none."""
    if request.WhichOneof("start") != "resume_token":
        return None
    return request_context.state.registration_of(actor.feed, actor.endpoint_id, request.resume_token)


def _resumed(
    request_context: RequestContext, feed: Feed, endpoint: Endpoint, request: pb.SubscribeRequest
) -> Position | None:
    """Return the position to resume from; None if it is no longer known what happened since."""
    if request.WhichOneof("start") != "resume_token":
        return None
    position = request_context.state.unseal(feed, endpoint, request.resume_token)
    known = position is not None and max(position.cursor, position.base) >= feed.floor
    return position if known else None


def _start_over(feed: Feed, request: pb.SubscribeRequest) -> Position:
    last = feed.revision
    from_end = request.start_position == pb.START_POSITION_END
    return Position(last, last, last) if from_end else Position(0, 0, last)


def _heartbeat(request_context: RequestContext, request: pb.SubscribeRequest) -> float:
    """Return the heartbeat interval in seconds, within the limits."""
    limits = request_context.limits
    asked = millis(request.heartbeat_interval) or length(limits.heartbeat)
    return min(max(asked, length(limits.heartbeat_min)), length(limits.heartbeat_max)) / 1000
