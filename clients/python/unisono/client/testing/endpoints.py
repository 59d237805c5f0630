"""EndpointService, and taking an endpoint for a stream."""

from unisono.client._model import Platform
from unisono.client.testing import checks, refusals
from unisono.client.testing.call import Actor, Call
from unisono.client.testing.checks import Bad
from unisono.client.testing.content import checked_platform
from unisono.client.testing.feed import Endpoint, Feed
from unisono.client.testing.patching import checked_mask
from unisono.client.testing.times import timestamp
from unisono.v1 import endpoint_service_pb2 as pb
from unisono.v1 import notification_pb2


def register(call: Call, request: pb.RegisterEndpointRequest) -> pb.RegisterEndpointResponse:
    """RegisterEndpoint."""
    bad = Bad()
    actor = call.writer(bad, request.user_id, request.endpoint_id)
    checked_platform(bad, "platform", request.platform)
    checks.name(bad, "display_name", request.display_name, call.limits.id_bytes)
    bad.check()
    endpoint = settled(call, actor, request.platform, request.display_name)
    return pb.RegisterEndpointResponse(endpoint=_shown(actor.feed, endpoint))


def get(call: Call, request: pb.GetEndpointRequest) -> pb.GetEndpointResponse:
    """GetEndpoint."""
    actor = _named(call, request)
    return pb.GetEndpointResponse(endpoint=_shown(actor.feed, existing(actor.feed, actor.endpoint_id)))


def list_all(call: Call, request: pb.ListEndpointsRequest) -> pb.ListEndpointsResponse:
    """ListEndpoints."""
    bad = Bad()
    feed = call.reader(bad, request.user_id).feed
    bad.check()
    return pb.ListEndpointsResponse(endpoints=[_shown(feed, endpoint) for endpoint in _present(feed)])


def update(call: Call, request: pb.UpdateEndpointRequest) -> pb.UpdateEndpointResponse:
    """UpdateEndpoint."""
    bad = Bad()
    actor = call.writer(bad, request.user_id, request.endpoint_id)
    checked_mask(bad, request.update_mask.paths, ("display_name",))
    checks.name(bad, "display_name", request.display_name, call.limits.id_bytes)
    bad.check()
    endpoint = existing(actor.feed, actor.endpoint_id)
    endpoint.shown.display_name = request.display_name
    return pb.UpdateEndpointResponse(endpoint=_shown(actor.feed, endpoint))


def delete(call: Call, request: pb.DeleteEndpointRequest) -> pb.DeleteEndpointResponse:
    """DeleteEndpoint: its streams end."""
    actor = _named(call, request)
    endpoint = actor.feed.endpoints.get(actor.endpoint_id)
    if endpoint is None:
        raise refusals.no_endpoint()
    if endpoint.delete_time is not None:
        return pb.DeleteEndpointResponse(already_removed=True)
    endpoint.delete_time = call.now
    _forget_deleted(actor.feed, call.limits.deleted_endpoints_per_user)
    for listener in actor.feed.listeners:
        if listener.endpoint_id == endpoint.id:
            listener.end("ENDPOINT_DELETED")
    return pb.DeleteEndpointResponse()


def existing(feed: Feed, endpoint_id: str) -> Endpoint:
    """The endpoint. Raises `NotFound`, or `EndpointDeleted`."""
    endpoint = feed.endpoints.get(endpoint_id)
    if endpoint is None:
        raise refusals.no_endpoint()
    if endpoint.delete_time is not None:
        raise refusals.endpoint_deleted()
    return endpoint


def settled(call: Call, actor: Actor, platform: int, display_name: str) -> Endpoint:
    """The endpoint, made if it is new, found otherwise; a platform of 0 is the registered one."""
    feed = actor.feed
    if actor.endpoint_id not in feed.endpoints:
        return _created(call, actor, platform, display_name)
    endpoint = existing(feed, actor.endpoint_id)
    if platform not in (0, endpoint.shown.platform):
        raise refusals.platform_fixed(Platform(endpoint.shown.platform).name)
    endpoint.shown.display_name = display_name or endpoint.shown.display_name
    feed.seen(endpoint.id, call.now)
    return endpoint


def _created(call: Call, actor: Actor, platform: int, display_name: str) -> Endpoint:
    if not platform:
        raise refusals.invalid([("platform", "is required for an endpoint that is not registered yet")])
    _make_room(actor.feed, call.limits.endpoints_per_user)
    shown = pb.Endpoint(
        endpoint_id=actor.endpoint_id,
        app_id=actor.feed.key.app_id,
        user_id=actor.feed.key.user_id,
        platform=notification_pb2.Platform.ValueType(platform),
        display_name=display_name,
        create_time=timestamp(call.now),
        last_seen_time=timestamp(call.now),
    )
    return actor.feed.endpoints.setdefault(actor.endpoint_id, Endpoint(shown))


def _make_room(feed: Feed, limit: int) -> None:
    """At the limit, the endpoint unseen longest without a stream gives way."""
    present = _present(feed)
    if len(present) < limit:
        return
    idle = [endpoint for endpoint in present if not _connected(feed, endpoint)]
    if not idle:
        text = f"the user has {limit} endpoints, which is the limit, and all have streams open"
        raise refusals.quota_exceeded("ENDPOINTS_EXCEEDED", text, limit)
    longest = min(idle, key=lambda one: (one.shown.last_seen_time.ToNanoseconds(), one.id))
    del feed.endpoints[longest.id]


def _forget_deleted(feed: Feed, most: int) -> None:
    """The oldest are not known as deleted any more."""
    deleted = [(one.delete_time, one.id) for one in feed.endpoints.values() if one.delete_time is not None]
    for _, endpoint_id in sorted(deleted, reverse=True)[most:]:
        del feed.endpoints[endpoint_id]


def _present(feed: Feed) -> list[Endpoint]:
    """In the order of registration."""
    return [endpoint for endpoint in feed.endpoints.values() if endpoint.delete_time is None]


def _connected(feed: Feed, endpoint: Endpoint) -> bool:
    return any(listener.endpoint_id == endpoint.id for listener in feed.listeners)


def _named(call: Call, request: pb.GetEndpointRequest | pb.DeleteEndpointRequest) -> Actor:
    bad = Bad()
    actor = call.reader(bad, request.user_id, request.endpoint_id, required=True)
    bad.check()
    return actor


def _shown(feed: Feed, endpoint: Endpoint) -> pb.Endpoint:
    shown = pb.Endpoint()
    shown.CopyFrom(endpoint.shown)
    shown.connected = _connected(feed, endpoint)
    return shown
