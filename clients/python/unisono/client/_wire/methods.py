"""The RPCs of `unisono.v1` as data, which a transport needs to make calls."""

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from google.protobuf.message import Message

from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_service_pb2 as pb
from unisono.v1 import server_service_pb2 as server_pb

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


@dataclass(frozen=True, slots=True)
class Method(Generic[Request, Response]):
    """One RPC of `unisono.v1`, as a `Transport` gets it: its names, and the types of its messages."""

    service: str
    name: str
    request: type[Request]
    response: type[Response]

    @property
    def path(self) -> str:
        """The path of its HTTP/2 requests: `/unisono.v1.SERVICE/NAME`."""
        return f"/unisono.v1.{self.service}/{self.name}"


_NOTIFICATIONS: Final = "NotificationService"
_FEEDS: Final = "FeedService"
_ENDPOINTS: Final = "EndpointService"
_SERVER: Final = "ServerService"

SEND: Final = Method(
    _NOTIFICATIONS, "SendNotification", pb.SendNotificationRequest, pb.SendNotificationResponse
)
BATCH_SEND: Final = Method(
    _NOTIFICATIONS,
    "BatchSendNotifications",
    pb.BatchSendNotificationsRequest,
    pb.BatchSendNotificationsResponse,
)
GET: Final = Method(_NOTIFICATIONS, "GetNotification", pb.GetNotificationRequest, pb.GetNotificationResponse)
LIST: Final = Method(
    _NOTIFICATIONS, "ListNotifications", pb.ListNotificationsRequest, pb.ListNotificationsResponse
)
UPDATE: Final = Method(
    _NOTIFICATIONS, "UpdateNotification", pb.UpdateNotificationRequest, pb.UpdateNotificationResponse
)
MARK: Final = Method(
    _NOTIFICATIONS, "MarkNotifications", pb.MarkNotificationsRequest, pb.MarkNotificationsResponse
)
DELETE: Final = Method(
    _NOTIFICATIONS, "DeleteNotification", pb.DeleteNotificationRequest, pb.DeleteNotificationResponse
)
DELETE_MANY: Final = Method(
    _NOTIFICATIONS, "DeleteNotifications", pb.DeleteNotificationsRequest, pb.DeleteNotificationsResponse
)

SUBSCRIBE: Final = Method(_FEEDS, "Subscribe", feed_pb.SubscribeRequest, feed_pb.SubscribeResponse)
ACKNOWLEDGE: Final = Method(_FEEDS, "Acknowledge", feed_pb.AcknowledgeRequest, feed_pb.AcknowledgeResponse)
DELETE_FEED: Final = Method(_FEEDS, "DeleteFeed", feed_pb.DeleteFeedRequest, feed_pb.DeleteFeedResponse)
GET_FEED: Final = Method(_FEEDS, "GetFeed", feed_pb.GetFeedRequest, feed_pb.GetFeedResponse)

REGISTER_ENDPOINT: Final = Method(
    _ENDPOINTS, "RegisterEndpoint", endpoint_pb.RegisterEndpointRequest, endpoint_pb.RegisterEndpointResponse
)
LIST_ENDPOINTS: Final = Method(
    _ENDPOINTS, "ListEndpoints", endpoint_pb.ListEndpointsRequest, endpoint_pb.ListEndpointsResponse
)
UPDATE_ENDPOINT: Final = Method(
    _ENDPOINTS, "UpdateEndpoint", endpoint_pb.UpdateEndpointRequest, endpoint_pb.UpdateEndpointResponse
)
DELETE_ENDPOINT: Final = Method(
    _ENDPOINTS, "DeleteEndpoint", endpoint_pb.DeleteEndpointRequest, endpoint_pb.DeleteEndpointResponse
)

GET_SERVER_INFO: Final = Method(
    _SERVER, "GetServerInfo", server_pb.GetServerInfoRequest, server_pb.GetServerInfoResponse
)
