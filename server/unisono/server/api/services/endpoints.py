"""EndpointService."""

from collections.abc import Mapping
from typing import Any

from unisono.server.api.call import Call
from unisono.server.api.convert import fields, messages
from unisono.server.api.convert.content import platform_of
from unisono.server.api.convert.requests import update_mask
from unisono.server.api.convert.violations import Violations
from unisono.server.api.pipeline import DEVICE, Unary
from unisono.server.core.decide.commands import Actor
from unisono.server.core.endpoints import Endpoints
from unisono.v1 import endpoint_service_pb2 as pb


class EndpointService:
    """Its methods, by name."""

    name = "unisono.v1.EndpointService"

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints

    @property
    def methods(self) -> Mapping[str, Unary[Any]]:
        """The handlers of the service."""
        return {
            "RegisterEndpoint": Unary(pb.RegisterEndpointRequest, self.register, DEVICE),
            "GetEndpoint": Unary(pb.GetEndpointRequest, self.get),
            "ListEndpoints": Unary(pb.ListEndpointsRequest, self.list_all),
            "UpdateEndpoint": Unary(pb.UpdateEndpointRequest, self.update, DEVICE),
            "DeleteEndpoint": Unary(pb.DeleteEndpointRequest, self.delete, DEVICE),
        }

    async def register(self, call: Call, request: pb.RegisterEndpointRequest) -> pb.RegisterEndpointResponse:
        """RegisterEndpoint."""
        bad = Violations()
        actor = call.writer(bad, request.user_id, request.endpoint_id)
        platform = platform_of(bad, "platform", request.platform)
        name = _display_name(bad, call, request.display_name)
        bad.check()
        settled = await self._endpoints.register(actor.feed, actor.endpoint_id, platform, name)
        return pb.RegisterEndpointResponse(endpoint=messages.endpoint(settled.endpoint))

    async def get(self, call: Call, request: pb.GetEndpointRequest) -> pb.GetEndpointResponse:
        """GetEndpoint."""
        actor = _named(call, request)
        endpoint = await self._endpoints.get(actor.feed, actor.endpoint_id)
        return pb.GetEndpointResponse(endpoint=messages.endpoint(endpoint))

    async def list_all(self, call: Call, request: pb.ListEndpointsRequest) -> pb.ListEndpointsResponse:
        """ListEndpoints."""
        bad = Violations()
        actor = call.reader(bad, request.user_id)
        bad.check()
        found = await self._endpoints.list_all(actor.feed)
        return pb.ListEndpointsResponse(endpoints=[messages.endpoint(e) for e in found])

    async def update(self, call: Call, request: pb.UpdateEndpointRequest) -> pb.UpdateEndpointResponse:
        """UpdateEndpoint."""
        bad = Violations()
        actor = call.writer(bad, request.user_id, request.endpoint_id)
        update_mask(bad, request.update_mask.paths, frozenset(("display_name",)))
        name = _display_name(bad, call, request.display_name)
        bad.check()
        endpoint = await self._endpoints.rename(actor.feed, actor.endpoint_id, name)
        return pb.UpdateEndpointResponse(endpoint=messages.endpoint(endpoint))

    async def delete(self, call: Call, request: pb.DeleteEndpointRequest) -> pb.DeleteEndpointResponse:
        """DeleteEndpoint."""
        actor = _named(call, request)
        was_there = await self._endpoints.remove(actor.feed, actor.endpoint_id)
        return pb.DeleteEndpointResponse(already_removed=not was_there)


def _named(call: Call, request: pb.GetEndpointRequest | pb.DeleteEndpointRequest) -> Actor:
    bad = Violations()
    if not request.endpoint_id:
        bad.add("endpoint_id", "is required")
    actor = call.reader(bad, request.user_id, request.endpoint_id)
    bad.check()
    return actor


def _display_name(bad: Violations, call: Call, name: str) -> str:
    return fields.identifier(bad, "display_name", name, call.limits.id_bytes, required=False)
