"""grpc.health.v1: whether the server serves. The only methods that need no token.

Written here because the library's Watch has no cap, and would hold a stopping server back.
"""

import asyncio
from collections.abc import Collection
from typing import Any

import grpc
from grpc_health.v1 import health_pb2 as pb

from unisono.server.api.pipeline import Handlers

Context = grpc.aio.ServicerContext[pb.HealthCheckRequest, pb.HealthCheckResponse]
SERVICE = "grpc.health.v1.Health"


class Health:
    """One status for the server ("") and for each of its services."""

    def __init__(self, services: Collection[str], *, max_watches: int) -> None:
        self._names = frozenset(("", *services))
        self._max_watches = max_watches
        self._watches = 0
        self._stopped = asyncio.Event()

    def handlers(self) -> Handlers:
        """The gRPC handlers, by method."""
        codec: tuple[Any, Any] = (
            pb.HealthCheckRequest.FromString,
            pb.HealthCheckResponse.SerializeToString,
        )
        return {
            "Check": grpc.unary_unary_rpc_method_handler(self._check, *codec),
            "Watch": grpc.unary_stream_rpc_method_handler(self._watch, *codec),
        }

    def stop(self) -> None:
        """Not serving from now on; tells the watchers."""
        self._stopped.set()

    async def _check(self, request: pb.HealthCheckRequest, context: Context) -> pb.HealthCheckResponse:
        if request.service not in self._names:
            await context.abort(grpc.StatusCode.NOT_FOUND, "there is no such service")
        return self._status(request.service)

    async def _watch(self, request: pb.HealthCheckRequest, context: Context) -> None:
        if self._watches >= self._max_watches:
            text = f"{self._max_watches} watches are open, which is the limit"
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, text)
        self._watches += 1
        try:
            await context.write(self._status(request.service))
            await self._stopped.wait()
            await context.write(self._status(request.service))
        finally:
            self._watches -= 1

    def _status(self, service: str) -> pb.HealthCheckResponse:
        if service not in self._names:
            return pb.HealthCheckResponse(status=pb.HealthCheckResponse.SERVICE_UNKNOWN)
        if self._stopped.is_set():
            return pb.HealthCheckResponse(status=pb.HealthCheckResponse.NOT_SERVING)
        return pb.HealthCheckResponse(status=pb.HealthCheckResponse.SERVING)
