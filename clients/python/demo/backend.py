"""The backend that sends, and what any device of the user can do about it."""

import grpc
from google.protobuf.field_mask_pb2 import FieldMask

from unisono.client import bearer
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb
from unisono.v1.notification_service_pb2_grpc import NotificationServiceStub

USER = "ada"


class Backend:
    """A program of the app `demo`, with a token of the app itself."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self._stub = NotificationServiceStub(channel)
        self._metadata = bearer(token)

    async def send(self, title: str) -> service_pb.SendResult:
        """Send to the user; the result is there once it is on the disk."""
        request = service_pb.SendNotificationRequest(user_id=USER, payload=_payload(title))
        return (await self._stub.SendNotification(request, metadata=self._metadata)).result

    async def rewrite(self, id_: str, title: str) -> int:
        """Change the text of what was sent; returns the revision."""
        request = service_pb.UpdateNotificationRequest(
            user_id=USER,
            notification=pb.NotificationRef(id=id_),
            content=service_pb.NotificationContent(payload=_payload(title)),
            update_mask=FieldMask(paths=["payload"]),
        )
        answer = await self._stub.UpdateNotification(request, metadata=self._metadata)
        return answer.notification.revision

    async def withdraw(self, id_: str) -> int:
        """Take it back from every device; returns the revision."""
        request = service_pb.DeleteNotificationRequest(user_id=USER, notification=pb.NotificationRef(id=id_))
        return (await self._stub.DeleteNotification(request, metadata=self._metadata)).revision


class Hand:
    """The user's hand on one device: reads, dismisses, looks at the history."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self._stub = NotificationServiceStub(channel)
        self._metadata = bearer(token)

    async def read(self, device: str, id_: str) -> int:
        """Read it on a device; returns the revision."""
        return await self._mark(device, id_, read_state=pb.READ_STATE_READ)

    async def dismiss(self, device: str, id_: str) -> int:
        """Dismiss it on a device; returns the revision."""
        return await self._mark(device, id_, user_action_state=pb.USER_ACTION_STATE_DISMISSED)

    async def history(self) -> dict[str, pb.Notification]:
        """What the store holds."""
        request = service_pb.ListNotificationsRequest(page_size=100)
        answer = await self._stub.ListNotifications(request, metadata=self._metadata)
        return {row.id: row for row in answer.notifications}

    async def _mark(
        self,
        device: str,
        id_: str,
        read_state: pb.ReadState.ValueType = pb.READ_STATE_UNSPECIFIED,
        user_action_state: pb.UserActionState.ValueType = pb.USER_ACTION_STATE_UNSPECIFIED,
    ) -> int:
        request = service_pb.MarkNotificationsRequest(
            endpoint_id=device,
            references=service_pb.NotificationRefs(refs=[pb.NotificationRef(id=id_)]),
            read_state=read_state,
            user_action_state=user_action_state,
        )
        answer = await self._stub.MarkNotifications(request, metadata=self._metadata)
        return answer.last_revision


def _payload(title: str) -> pb.Payload:
    return pb.Payload(visual_content=pb.VisualContent(title=title))
