"""Asks the server of the same settings for its health."""

from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from unisono.server.app.asking.own_server import own_server
from unisono.server.config import Settings


def ask(settings: Settings, timeout: float) -> str:
    """Return the status of the server: SERVING or NOT_SERVING. Raises `OwnServerError` without an answer."""
    with own_server(settings) as server:
        answer = server.call(
            "grpc.health.v1.Health/Check", HealthCheckRequest().SerializeToString(), timeout=timeout
        )
    return HealthCheckResponse.ServingStatus.Name(HealthCheckResponse.FromString(answer).status)
