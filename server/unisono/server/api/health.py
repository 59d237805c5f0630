"""grpc.health.v1: whether the server serves. The only methods that need no token.

Written here because the library's Watch has no cap, and would hold a stopping server back.
"""

import asyncio
from collections.abc import Collection

import grpc
from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2 as pb

from unisono.server.api.pipeline import Handlers

Context = grpc.aio.ServicerContext[bytes, pb.HealthCheckResponse]
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
        encode = pb.HealthCheckResponse.SerializeToString
        return {
            "Check": grpc.unary_unary_rpc_method_handler(self._check, response_serializer=encode),
            "Watch": grpc.unary_stream_rpc_method_handler(self._watch, response_serializer=encode),
        }

    def stop(self) -> None:
        """Not serving from now on; tells the watchers."""
        self._stopped.set()

    async def _check(self, body: bytes, context: Context) -> pb.HealthCheckResponse:
        service = await _service(body, context)
        if service not in self._names:
            await context.abort(grpc.StatusCode.NOT_FOUND, "there is no such service")
        return self._status(service)

    async def _watch(self, body: bytes, context: Context) -> None:
        service = await _service(body, context)
        if self._watches >= self._max_watches:
            text = f"{self._max_watches} watches are open, which is the limit"
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, text)
        self._watches += 1
        try:
            await context.write(self._status(service))
            await self._stopped.wait()
            await context.write(self._status(service))
        finally:
            self._watches -= 1

    def _status(self, service: str) -> pb.HealthCheckResponse:
        if service not in self._names:
            return pb.HealthCheckResponse(status=pb.HealthCheckResponse.SERVICE_UNKNOWN)
        if self._stopped.is_set():
            return pb.HealthCheckResponse(status=pb.HealthCheckResponse.NOT_SERVING)
        return pb.HealthCheckResponse(status=pb.HealthCheckResponse.SERVING)


async def _service(body: bytes, context: Context) -> str:
    """The service that is asked about. Parsed here: gRPC would tell the caller what its parser raised."""
    try:
        return pb.HealthCheckRequest.FromString(body).service
    except DecodeError:
        text = "the request body is not a grpc.health.v1.HealthCheckRequest"
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, text)
