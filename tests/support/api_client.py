"""Calls every RPC by the fields of its request, and fills in the user and endpoint of the caller."""

from typing import Any, TypeVar

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tests.support.nodes import Client
from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb
from unisono.v1 import server_service_pb2 as server_pb

RequestT = TypeVar("RequestT", bound=Message)

READ = pb.READ_STATE_READ
UNREAD = pb.READ_STATE_UNREAD
NO_INTERACTION = pb.USER_ACTION_STATE_NO_INTERACTION
ACTIVATED = pb.USER_ACTION_STATE_ACTIVATED
DISMISSED = pb.USER_ACTION_STATE_DISMISSED
SNOOZED = pb.USER_ACTION_STATE_SNOOZED
REPLACE = service_pb.CONFLICT_POLICY_REPLACE
ALL = service_pb.AllNotifications()


def time_of(millis: int) -> Timestamp:
    """Return the timestamp of a time in milliseconds since 1970."""
    return Timestamp(seconds=millis // 1000, nanos=millis % 1000 * 1_000_000)


def titled(title: str) -> pb.Payload:
    return pb.Payload(visual_content=pb.VisualContent(title=title))


def by_id(*ids: str) -> service_pb.NotificationRefs:
    return service_pb.NotificationRefs(refs=[pb.NotificationRef(id=id_) for id_ in ids])


def by_key(*keys: str) -> service_pb.NotificationRefs:
    return service_pb.NotificationRefs(refs=[pb.NotificationRef(app_notification_id=key) for key in keys])


class ApiClient:
    """Makes calls with the token of one client.

    `user_id` and `endpoint_id` go into every request that has such a field, unless the test gives one.
    Fields of requests are passed by name. A call that is refused raises `grpc.aio.AioRpcError`.
    """

    def __init__(self, client: Client, *, user_id: str = "", endpoint_id: str = "") -> None:
        self.client = client
        self.user_id = user_id
        self.endpoint_id = endpoint_id

    async def send(self, title: str = "Hello", **fields: Any) -> service_pb.SendResult:
        request = self.new(title, **fields)
        response = await self.client.notifications.SendNotification(request, metadata=self.client.metadata)
        return response.result

    def new(self, title: str = "Hello", **fields: Any) -> service_pb.SendNotificationRequest:
        """Return a request to send one notification, for `send_all`."""
        return self._request(service_pb.SendNotificationRequest, {"payload": titled(title), **fields})

    async def send_all(
        self, *requests: service_pb.SendNotificationRequest
    ) -> list[service_pb.BatchSendResult]:
        response = await self.client.notifications.BatchSendNotifications(
            service_pb.BatchSendNotificationsRequest(requests=requests), metadata=self.client.metadata
        )
        return list(response.results)

    async def get(self, id: str = "", key: str = "", **fields: Any) -> pb.Notification:  # noqa: A002
        request = self._request(service_pb.GetNotificationRequest, _naming(id, key, fields))
        response = await self.client.notifications.GetNotification(request, metadata=self.client.metadata)
        return response.notification

    async def history(self, **fields: Any) -> service_pb.ListNotificationsResponse:
        """List a page of the feed; only what is meant for an endpoint, if the test names one."""
        fields.setdefault("endpoint_id", "")
        request = self._request(service_pb.ListNotificationsRequest, fields)
        return await self.client.notifications.ListNotifications(request, metadata=self.client.metadata)

    async def update(self, id: str = "", key: str = "", **fields: Any) -> pb.Notification:  # noqa: A002
        """Update a notification with the fields in `content`; `update_mask` is those that are set in it."""
        fields = _naming(id, key, fields)
        content = service_pb.NotificationContent(**fields.pop("content", {}))
        mask = {"paths": [field.name for field, _ in content.ListFields()]}
        request = self._request(
            service_pb.UpdateNotificationRequest, {"update_mask": mask, **fields, "content": content}
        )
        response = await self.client.notifications.UpdateNotification(request, metadata=self.client.metadata)
        return response.notification

    async def mark(self, *ids: str, **fields: Any) -> service_pb.MarkNotificationsResponse:
        if ids:
            fields["references"] = by_id(*ids)
        request = self._request(service_pb.MarkNotificationsRequest, fields)
        return await self.client.notifications.MarkNotifications(request, metadata=self.client.metadata)

    async def delete(
        self,
        id: str = "",  # noqa: A002
        key: str = "",
        **fields: Any,
    ) -> service_pb.DeleteNotificationResponse:
        request = self._request(service_pb.DeleteNotificationRequest, _naming(id, key, fields))
        return await self.client.notifications.DeleteNotification(request, metadata=self.client.metadata)

    async def delete_many(self, *ids: str, **fields: Any) -> service_pb.DeleteNotificationsResponse:
        if ids:
            fields["references"] = by_id(*ids)
        request = self._request(service_pb.DeleteNotificationsRequest, fields)
        return await self.client.notifications.DeleteNotifications(request, metadata=self.client.metadata)

    async def feed(self, **fields: Any) -> feed_pb.GetFeedResponse:
        """Get the counters of the feed; of what is meant for an endpoint, if the test names one."""
        fields.setdefault("endpoint_id", "")
        request = self._request(feed_pb.GetFeedRequest, fields)
        return await self.client.feeds.GetFeed(request, metadata=self.client.metadata)

    async def welcome(self, **fields: Any) -> feed_pb.SubscribeResponse:
        """Open a stream, return its first message, and cut it."""
        request = self._request(feed_pb.SubscribeRequest, {"platform": pb.DEVICE_PLATFORM_LINUX, **fields})
        stream = self.client.feeds.Subscribe(request, metadata=self.client.metadata)
        try:
            return await anext(aiter(stream))
        finally:
            stream.cancel()

    async def acknowledge(self, resume_token: bytes, **fields: Any) -> int:
        request = self._request(feed_pb.AcknowledgeRequest, {"resume_token": resume_token, **fields})
        response = await self.client.feeds.Acknowledge(request, metadata=self.client.metadata)
        return response.acknowledged_revision

    async def register(self, **fields: Any) -> endpoint_pb.Endpoint:
        request = self._request(
            endpoint_pb.RegisterEndpointRequest, {"platform": pb.DEVICE_PLATFORM_LINUX, **fields}
        )
        response = await self.client.endpoints.RegisterEndpoint(request, metadata=self.client.metadata)
        return response.endpoint

    async def endpoint(self, **fields: Any) -> endpoint_pb.Endpoint:
        request = self._request(endpoint_pb.GetEndpointRequest, fields)
        response = await self.client.endpoints.GetEndpoint(request, metadata=self.client.metadata)
        return response.endpoint

    async def endpoints(self, **fields: Any) -> list[endpoint_pb.Endpoint]:
        request = self._request(endpoint_pb.ListEndpointsRequest, fields)
        response = await self.client.endpoints.ListEndpoints(request, metadata=self.client.metadata)
        return list(response.endpoints)

    async def rename(self, display_name: str, **fields: Any) -> endpoint_pb.Endpoint:
        request = self._request(
            endpoint_pb.UpdateEndpointRequest,
            {"display_name": display_name, "update_mask": {"paths": ["display_name"]}, **fields},
        )
        response = await self.client.endpoints.UpdateEndpoint(request, metadata=self.client.metadata)
        return response.endpoint

    async def remove(self, **fields: Any) -> endpoint_pb.DeleteEndpointResponse:
        """Delete the endpoint."""
        request = self._request(endpoint_pb.DeleteEndpointRequest, fields)
        return await self.client.endpoints.DeleteEndpoint(request, metadata=self.client.metadata)

    async def server_info(self) -> server_pb.GetServerInfoResponse:
        request = server_pb.GetServerInfoRequest()
        return await self.client.server.GetServerInfo(request, metadata=self.client.metadata)

    def _request(self, kind: type[RequestT], fields: dict[str, Any]) -> RequestT:
        own = {"user_id": self.user_id, "endpoint_id": self.endpoint_id}
        known = {name: value for name, value in own.items() if name in kind.DESCRIPTOR.fields_by_name}
        return kind(**{**known, **fields})


def _naming(id_: str, key: str, fields: dict[str, Any]) -> dict[str, Any]:
    if id_:
        return {"notification": pb.NotificationRef(id=id_), **fields}
    if key:
        return {"notification": pb.NotificationRef(app_notification_id=key), **fields}
    return fields
