"""The RPCs of `EndpointService`."""

from collections.abc import Mapping
from typing import Any

from unisono.server.api.audit import Effect
from unisono.server.api.convert import fields, messages
from unisono.server.api.convert.content import platform_of
from unisono.server.api.convert.requests import parse_mask
from unisono.server.api.convert.violations import Violations
from unisono.server.api.pipeline import DEVICE, Unary
from unisono.server.api.request_context import RequestContext
from unisono.server.core.decide.commands import Actor
from unisono.server.core.endpoints import Endpoints
from unisono.v1 import endpoint_service_pb2 as pb


class EndpointService:
    """Handles the RPCs of `EndpointService` (proto/unisono/v1/endpoint_service.proto).

    Each method raises InvalidRequest with all bad fields of its request, PermissionDenied when a device names
    another user, and Unavailable when the store cannot be used.
    """

    name = "unisono.v1.EndpointService"

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints

    @property
    def methods(self) -> Mapping[str, Unary[Any]]:
        """The methods of the service by RPC name."""
        return {
            "RegisterEndpoint": Unary(pb.RegisterEndpointRequest, self.register_endpoint, DEVICE),
            "GetEndpoint": Unary(pb.GetEndpointRequest, self.get_endpoint, effect=Effect.READ),
            "ListEndpoints": Unary(pb.ListEndpointsRequest, self.list_endpoints, effect=Effect.READ),
            "UpdateEndpoint": Unary(pb.UpdateEndpointRequest, self.update_endpoint, DEVICE),
            "DeleteEndpoint": Unary(pb.DeleteEndpointRequest, self.delete_endpoint, effect=Effect.WRITE),
        }

    async def register_endpoint(
        self, request_context: RequestContext, request: pb.RegisterEndpointRequest
    ) -> pb.RegisterEndpointResponse:
        """RegisterEndpoint: registers an endpoint, or finds it registered, and answers it as it is now.

        Raises FailedPrecondition when the endpoint was deleted, or is registered for another platform, and
        QuotaExceeded when the user has as many endpoints as allowed, all with open streams.
        """
        violations = Violations()
        actor = request_context.writing_actor(violations, request.user_id, request.endpoint_id)
        platform = platform_of(violations, "platform", request.platform)
        name = _display_name(violations, request_context, request.display_name)
        violations.check()
        settled = await self._endpoints.register(actor.feed, actor.endpoint_id, platform, name)
        return pb.RegisterEndpointResponse(endpoint=messages.endpoint(settled.endpoint))

    async def get_endpoint(
        self, request_context: RequestContext, request: pb.GetEndpointRequest
    ) -> pb.GetEndpointResponse:
        """GetEndpoint: answers one endpoint.

        Raises NotFound when the user has no such endpoint, and FailedPrecondition when it was deleted.
        """
        actor = _named(request_context, request)
        endpoint = await self._endpoints.get(actor.feed, actor.endpoint_id)
        return pb.GetEndpointResponse(endpoint=messages.endpoint(endpoint))

    async def list_endpoints(
        self, request_context: RequestContext, request: pb.ListEndpointsRequest
    ) -> pb.ListEndpointsResponse:
        """ListEndpoints: answers all endpoints of a user in the order of registration; none if unknown."""
        violations = Violations()
        actor = request_context.reading_actor(violations, request.user_id)
        violations.check()
        found = await self._endpoints.list_all(actor.feed)
        return pb.ListEndpointsResponse(endpoints=[messages.endpoint(e) for e in found])

    async def update_endpoint(
        self, request_context: RequestContext, request: pb.UpdateEndpointRequest
    ) -> pb.UpdateEndpointResponse:
        """UpdateEndpoint: renames an endpoint, and answers it as it is now.

        Raises NotFound when the user has no such endpoint, and FailedPrecondition when it was deleted.
        """
        violations = Violations()
        actor = request_context.writing_actor(violations, request.user_id, request.endpoint_id)
        parse_mask(violations, request.update_mask.paths, frozenset(("display_name",)))
        name = _display_name(violations, request_context, request.display_name)
        violations.check()
        endpoint = await self._endpoints.rename(actor.feed, actor.endpoint_id, name)
        return pb.UpdateEndpointResponse(endpoint=messages.endpoint(endpoint))

    async def delete_endpoint(
        self, request_context: RequestContext, request: pb.DeleteEndpointRequest
    ) -> pb.DeleteEndpointResponse:
        """DeleteEndpoint: deletes an endpoint and ends its stream, and answers whether it was deleted before.

        With may_return, the id may be registered anew at once. Raises NotFound when no such endpoint of the
        user is known.
        """
        actor = _named(request_context, request)
        was_there = await self._endpoints.remove(actor.feed, actor.endpoint_id, may_return=request.may_return)
        return pb.DeleteEndpointResponse(already_removed=not was_there)


def _named(
    request_context: RequestContext, request: pb.GetEndpointRequest | pb.DeleteEndpointRequest
) -> Actor:
    violations = Violations()
    if not request.endpoint_id:
        violations.add("endpoint_id", "is required")
    actor = request_context.reading_actor(violations, request.user_id, request.endpoint_id)
    violations.check()
    return actor


def _display_name(violations: Violations, request_context: RequestContext, name: str) -> str:
    return fields.identifier(
        violations, "display_name", name, request_context.limits.id_bytes, required=False
    )
