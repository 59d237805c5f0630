"""The RPCs of `AdminService`."""

from collections.abc import Mapping
from typing import Any, Final

from unisono.server.api.audit import Effect
from unisono.server.api.node_stats import NodeStats
from unisono.server.api.pipeline import ADMIN, Unary
from unisono.server.api.request_context import RequestContext
from unisono.server.core.admission import CallKind
from unisono.v1 import admin_service_pb2 as pb


class AdminService:
    """Handles the RPCs of `AdminService` (proto/unisono/v1/admin_service.proto).

    Each method raises Unavailable when the store cannot be used.
    """

    name: Final = "unisono.v1.AdminService"

    def __init__(self, stats: NodeStats) -> None:
        self._stats = stats

    @property
    def methods(self) -> Mapping[str, Unary[Any]]:
        """The methods of the service by RPC name."""
        return {
            "GetStats": Unary(pb.GetStatsRequest, self.get_stats, ADMIN, CallKind.ADMIN, Effect.ADMIN),
        }

    async def get_stats(self, request_context: RequestContext, _: pb.GetStatsRequest) -> pb.GetStatsResponse:
        """GetStats: answers what this server is, what it stores, and what it was asked since it began."""
        return await self._stats.get(request_context.now)
