"""The RPCs of `AdminService`."""

from collections.abc import Mapping
from typing import Any, Final

from unisono.server.api.audit import Effect
from unisono.server.api.convert import explanations
from unisono.server.api.node_stats import NodeStats
from unisono.server.api.pipeline import ADMIN, Unary
from unisono.server.api.request_context import RequestContext
from unisono.server.core.admission import CallKind
from unisono.server.core.explaining import Explaining
from unisono.server.core.turns import Turns
from unisono.v1 import admin_service_pb2 as pb


class AdminService:
    """Handles the RPCs of `AdminService` (proto/unisono/v1/admin_service.proto).

    Each method raises Unavailable when the store cannot be used.
    """

    name: Final = "unisono.v1.AdminService"

    def __init__(self, explaining: Explaining, stats: NodeStats, turns: Turns) -> None:
        self._explaining = explaining
        self._stats = stats
        self._turns = turns

    @property
    def methods(self) -> Mapping[str, Unary[Any]]:
        """The methods of the service by RPC name."""
        rules = ADMIN, CallKind.ADMIN, Effect.ADMIN
        return {
            "ExplainNotifications": Unary(pb.ExplainNotificationsRequest, self.explain_notifications, *rules),
            "GetStats": Unary(pb.GetStatsRequest, self.get_stats, *rules),
        }

    async def explain_notifications(
        self, request_context: RequestContext, request: pb.ExplainNotificationsRequest
    ) -> pb.ExplainNotificationsResponse:
        """ExplainNotifications: answers what is known of a feed, and of one or some of its notifications.

        An unknown feed or notification is no error, but not known. Raises InvalidRequest with all bad fields.
        """
        wanted = explanations.explain_request(request_context, request)
        known = await self._explaining.known(
            wanted.feed, wanted.ref, before=wanted.before, limit=wanted.limit
        )
        now, endpoints = request_context.now, known.endpoints
        message = explanations.explained(known, now)
        # A page has some thousand pairs of a notification and an endpoint.
        message.notifications.extend(
            await self._turns.map(
                request_context.owner,
                lambda row: explanations.notification(row, endpoints, now),
                known.rows,
            )
        )
        return message

    async def get_stats(self, request_context: RequestContext, _: pb.GetStatsRequest) -> pb.GetStatsResponse:
        """GetStats: answers what this server is, what it stores, and what it was asked since it began."""
        return await self._stats.get(request_context.now)
