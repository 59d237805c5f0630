"""The methods of EndpointService, and finding or registering the endpoint of a stream."""

from unisono.client._model import Platform
from unisono.client.testing import checks, errors
from unisono.client.testing.checks import Violations
from unisono.client.testing.content import checked_platform
from unisono.client.testing.feed import Endpoint, Feed
from unisono.client.testing.patching import checked_mask
from unisono.client.testing.request_context import Actor, RequestContext
from unisono.client.testing.times import timestamp
from unisono.v1 import endpoint_service_pb2 as pb
from unisono.v1 import notification_pb2


def register_endpoint(
    request_context: RequestContext, request: pb.RegisterEndpointRequest
) -> pb.RegisterEndpointResponse:
    """Answer RegisterEndpoint: register the endpoint if it is new, and return it.

    Raises `InvalidRequest`, and as `ensure_endpoint`.
    """
    violations = Violations()
    actor = request_context.writing_actor(violations, request.user_id, request.endpoint_id)
    checked_platform(violations, "platform", request.platform)
    checks.check_name(violations, "display_name", request.display_name, request_context.limits.id_bytes)
    violations.check()
    request_context.check_space()
    endpoint = ensure_endpoint(request_context, actor, request.platform, request.display_name)
    return pb.RegisterEndpointResponse(endpoint=_message(actor.feed, endpoint))


def get_endpoint(request_context: RequestContext, request: pb.GetEndpointRequest) -> pb.GetEndpointResponse:
    """Answer GetEndpoint. Raises `InvalidRequest`, `NotFound`, and `EndpointDeleted`."""
    actor = _named(request_context, request)
    return pb.GetEndpointResponse(
        endpoint=_message(actor.feed, require_endpoint(actor.feed, actor.endpoint_id))
    )


def list_endpoints(
    request_context: RequestContext, request: pb.ListEndpointsRequest
) -> pb.ListEndpointsResponse:
    """Answer ListEndpoints: the endpoints that are not deleted, in the order of registration.

    Raises `InvalidRequest`.
    """
    violations = Violations()
    feed = request_context.reading_actor(violations, request.user_id).feed
    violations.check()
    return pb.ListEndpointsResponse(endpoints=[_message(feed, endpoint) for endpoint in feed.present])


def update_endpoint(
    request_context: RequestContext, request: pb.UpdateEndpointRequest
) -> pb.UpdateEndpointResponse:
    """Answer UpdateEndpoint: rename the endpoint.

    Raises `InvalidRequest`, `NotFound`, and `EndpointDeleted`.
    """
    violations = Violations()
    actor = request_context.writing_actor(violations, request.user_id, request.endpoint_id)
    checked_mask(violations, request.update_mask.paths, ("display_name",))
    checks.check_name(violations, "display_name", request.display_name, request_context.limits.id_bytes)
    violations.check()
    endpoint = require_endpoint(actor.feed, actor.endpoint_id)
    request_context.check_space()
    endpoint.message.display_name = request.display_name
    return pb.UpdateEndpointResponse(endpoint=_message(actor.feed, endpoint))


def delete_endpoint(
    request_context: RequestContext, request: pb.DeleteEndpointRequest
) -> pb.DeleteEndpointResponse:
    """Answer DeleteEndpoint: delete the endpoint, and end its streams; a repeat can only bar its id.

    Raises `InvalidRequest`, and `NotFound` for an endpoint that never was.
    """
    actor = _named(request_context, request)
    endpoint = actor.feed.endpoints.get(actor.endpoint_id)
    if endpoint is None:
        raise errors.no_endpoint()
    bars = endpoint.may_return and not request.may_return
    if endpoint.delete_time is not None and not bars:
        return pb.DeleteEndpointResponse(already_removed=True)
    request_context.check_space()
    endpoint.delete_time = request_context.now
    endpoint.may_return = request.may_return
    _forget_deleted(actor.feed, request_context.limits.deleted_endpoints_per_user)
    for listener in actor.feed.listeners:
        if listener.endpoint_id == endpoint.id:
            listener.end("ENDPOINT_DELETED")
    return pb.DeleteEndpointResponse()


def require_endpoint(feed: Feed, endpoint_id: str, registration: int | None = None) -> Endpoint:
    """Return the endpoint. Raises `NotFound` if it is unknown, `EndpointDeleted` if it was deleted.

    To a device that holds a position of an earlier `registration` it was, though its id was registered anew.
    """
    endpoint = feed.endpoints.get(endpoint_id)
    if endpoint is None:
        raise errors.no_endpoint()
    if endpoint.delete_time is not None:
        raise errors.endpoint_deleted()
    if registration is not None and registration < endpoint.registrations:
        raise errors.endpoint_deleted()
    return endpoint


def ensure_endpoint(
    request_context: RequestContext,
    actor: Actor,
    platform: int,
    display_name: str,
    registration: int | None = None,
    *,
    ephemeral: bool = False,
) -> Endpoint:
    """Return the endpoint, registered if it is new; a display name replaces the stored one unless empty.

    A platform of 0 means the registered one. `registration` is that of the position that the device holds,
    None for none: only then an id that was deleted and may return is registered anew. An `ephemeral` one is
    removed soon after its last stream. Raises `EndpointDeleted`, `PlatformFixed` for another platform,
    `InvalidRequest` for a new endpoint without one, and `QuotaExceeded` where the user has as many endpoints
    as allowed, all with a stream, or this one is ephemeral.
    """
    feed = actor.feed
    known = feed.endpoints.get(actor.endpoint_id)
    if known is None:
        return _create(request_context, actor, platform, display_name, ephemeral)
    if known.delete_time is not None and known.may_return and registration is None:
        again = known.registrations + 1
        return _create(request_context, actor, platform, display_name, ephemeral, again)
    endpoint = require_endpoint(feed, actor.endpoint_id, registration)
    if platform not in (0, endpoint.message.platform):
        raise errors.platform_fixed(Platform(endpoint.message.platform).name)
    endpoint.message.display_name = display_name or endpoint.message.display_name
    endpoint.message.ephemeral = ephemeral
    feed.record_activity(endpoint.id, request_context.now)
    return endpoint


def _create(
    request_context: RequestContext,
    actor: Actor,
    platform: int,
    display_name: str,
    ephemeral: bool,
    registrations: int = 0,
) -> Endpoint:
    request_context.check_space()
    if not platform:
        raise errors.invalid([("platform", "is required for an endpoint that is not registered yet")])
    _make_room(actor.feed, request_context.limits.endpoints_per_user, ephemeral=ephemeral)
    message = pb.Endpoint(
        endpoint_id=actor.endpoint_id,
        app_id=actor.feed.key.app_id,
        user_id=actor.feed.key.user_id,
        platform=notification_pb2.DevicePlatform.ValueType(platform),
        display_name=display_name,
        create_time=timestamp(request_context.now),
        last_seen_time=timestamp(request_context.now),
        ephemeral=ephemeral,
    )
    # One that is registered anew is the last in the order of registration.
    actor.feed.endpoints.pop(actor.endpoint_id, None)
    endpoint = Endpoint(message, registrations=registrations)
    return actor.feed.endpoints.setdefault(actor.endpoint_id, endpoint)


def _make_room(feed: Feed, limit: int, *, ephemeral: bool) -> None:
    """Make room for one more endpoint: at the limit, remove the one unseen longest without a stream.

    Ephemeral ones go first, and for an ephemeral one none does.
    """
    present = feed.present
    if len(present) < limit:
        return
    idle = [endpoint for endpoint in present if not _connected(feed, endpoint)]
    if ephemeral or not idle:
        none = "an ephemeral one takes the place of none" if ephemeral else "all have streams open"
        text = f"the user has {limit} endpoints, which is the limit, and {none}"
        raise errors.quota_exceeded("ENDPOINTS_EXCEEDED", text, limit)
    first = min(idle, key=lambda e: (not e.message.ephemeral, e.message.last_seen_time.ToNanoseconds(), e.id))
    del feed.endpoints[first.id]


def _forget_deleted(feed: Feed, max_records: int) -> None:
    """Purge the oldest deleted endpoints, down to `max_records`."""
    deleted = [(one.delete_time, one.id) for one in feed.endpoints.values() if one.delete_time is not None]
    for _, endpoint_id in sorted(deleted, reverse=True)[max_records:]:
        del feed.endpoints[endpoint_id]


def _connected(feed: Feed, endpoint: Endpoint) -> bool:
    return any(listener.endpoint_id == endpoint.id for listener in feed.listeners)


def _named(
    request_context: RequestContext, request: pb.GetEndpointRequest | pb.DeleteEndpointRequest
) -> Actor:
    violations = Violations()
    actor = request_context.reading_actor(violations, request.user_id, request.endpoint_id, required=True)
    violations.check()
    return actor


def _message(feed: Feed, endpoint: Endpoint) -> pb.Endpoint:
    message = pb.Endpoint()
    message.CopyFrom(endpoint.message)
    message.connected = _connected(feed, endpoint)
    return message
