"""The method of ServerService."""

from importlib.metadata import version

from unisono.client._wire.contract_levels import NEWEST
from unisono.client.testing.request_context import RequestContext
from unisono.v1 import server_service_pb2 as pb


def get_server_info(_: RequestContext, __: pb.GetServerInfoRequest) -> pb.GetServerInfoResponse:
    """Answer GetServerInfo: the version is that of this distribution, which knows the whole contract."""
    return pb.GetServerInfoResponse(version=version("unisono-client"), contract_level=NEWEST)
