"""The methods of the API that the load calls without the SDK's publishers and devices."""

from typing import Final

from unisono.client import Method
from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import notification_service_pb2 as pb
from unisono.v1 import server_service_pb2 as server_pb

REGISTER_ENDPOINT: Final = Method(
    "EndpointService",
    "RegisterEndpoint",
    endpoint_pb.RegisterEndpointRequest,
    endpoint_pb.RegisterEndpointResponse,
)
LIST_ENDPOINTS: Final = Method(
    "EndpointService", "ListEndpoints", endpoint_pb.ListEndpointsRequest, endpoint_pb.ListEndpointsResponse
)
DELETE_ENDPOINT: Final = Method(
    "EndpointService",
    "DeleteEndpoint",
    endpoint_pb.DeleteEndpointRequest,
    endpoint_pb.DeleteEndpointResponse,
)
GET: Final = Method(
    "NotificationService", "GetNotification", pb.GetNotificationRequest, pb.GetNotificationResponse
)
DELETE: Final = Method(
    "NotificationService", "DeleteNotification", pb.DeleteNotificationRequest, pb.DeleteNotificationResponse
)
GET_SERVER_INFO: Final = Method(
    "ServerService", "GetServerInfo", server_pb.GetServerInfoRequest, server_pb.GetServerInfoResponse
)
