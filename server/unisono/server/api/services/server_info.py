"""The RPC of `ServerService`."""

from collections.abc import Mapping
from typing import Any, Final

from unisono.server import __version__
from unisono.server.api.pipeline import Unary
from unisono.server.api.request_context import RequestContext
from unisono.v1 import server_service_pb2 as pb

#: Raise it with each addition of a field of a request: what a level adds is said in the proto.
CONTRACT_LEVEL: Final = 2


class ServerService:
    """Handles the RPC of `ServerService` (proto/unisono/v1/server_service.proto)."""

    name = "unisono.v1.ServerService"

    @property
    def methods(self) -> Mapping[str, Unary[Any]]:
        """The methods of the service by RPC name."""
        return {"GetServerInfo": Unary(pb.GetServerInfoRequest, self.get_server_info)}

    async def get_server_info(
        self, _: RequestContext, __: pb.GetServerInfoRequest
    ) -> pb.GetServerInfoResponse:
        """GetServerInfo: answers the version of this server, and what it knows of the contract."""
        return pb.GetServerInfoResponse(version=__version__, contract_level=CONTRACT_LEVEL)
