"""How each RPC reaches for things of a user: the rows of the matrix."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha import reflection_pb2

from tests.api.isolation_matrix.callers import Caller
from tests.api.isolation_matrix.worlds import APP, Things
from tests.support.api_client import ALL, READ, by_id, by_key, titled
from tests.support.methods import Method
from unisono.v1 import notification_pb2 as pb
from unisono.v1.notification_service_pb2 import CONFLICT_POLICY_REPLACE, SendNotificationRequest

Fields = Mapping[str, Any]
LINUX: Final = {"platform": pb.DEVICE_PLATFORM_LINUX}
TEXT: Final = {"payload": titled("Mine")}
PATCH: Final = {"content": TEXT, "update_mask": {"paths": ["payload"]}}
READING: Final = {"read_state": READ}


@dataclass(frozen=True, slots=True)
class Reach:
    """A request: `fields` are made from the things that it reaches for.

    `by_device` is set where a device says in it which one it is, and a backend may not.
    """

    fields: Callable[[Things], Fields]
    by_device: bool = False

    def body(self, method: Method, caller: Caller, things: Things) -> bytes:
        """Return the request of this caller, encoded."""
        if method.descriptor is None:
            return reflection_pb2.ServerReflectionRequest(list_services="").SerializeToString()
        fields = dict(self.fields(things))
        if self.by_device and caller.endpoint_id:
            fields = {"endpoint_id": caller.endpoint_id, **fields}
        if caller.names_user and method.takes("user_id"):
            fields["user_id"] = things.user_id
        return self._request(method, fields).SerializeToString()

    def named(self, method: Method) -> set[str]:
        """Return the fields of the request that say whose or which thing it is about."""
        some = Things(user_id="ada", id="1", resume_token=b"1", page_token="1")
        return set(self.fields(some)) | ({"endpoint_id"} if self.by_device else set()) | {"user_id"}

    def _request(self, method: Method, fields: Fields) -> Message:
        assert method.descriptor is not None
        return GetMessageClass(method.descriptor.input_type)(**fields)


def nothing(_: Things) -> Fields:
    """The request names nothing but, perhaps, the user."""
    return {}


def ref_id(things: Things) -> pb.NotificationRef:
    return pb.NotificationRef(id=things.id)


def ref_key(things: Things) -> pb.NotificationRef:
    return pb.NotificationRef(app_notification_id=things.key)


#: By the name of an RPC, and after a comma the way. The table says what each comes to.
REACHES: Final[Mapping[str, Reach]] = {
    "SendNotification": Reach(lambda t: {**TEXT, "app_notification_id": t.key}, by_device=True),
    "SendNotification, in its place": Reach(
        lambda t: {**TEXT, "app_notification_id": t.key, "on_conflict": CONFLICT_POLICY_REPLACE},
        by_device=True,
    ),
    "SendNotification, as the device": Reach(lambda t: {**TEXT, "endpoint_id": t.endpoint_id}),
    "BatchSendNotifications": Reach(
        lambda t: {
            "requests": [
                SendNotificationRequest(user_id=t.user_id, app_notification_id=t.key, payload=titled("Mine"))
            ]
        }
    ),
    "GetNotification, by id": Reach(lambda t: {"notification": ref_id(t)}),
    "GetNotification, by key": Reach(lambda t: {"notification": ref_key(t)}),
    "ListNotifications": Reach(nothing),
    "ListNotifications, the device's": Reach(lambda t: {"endpoint_id": t.endpoint_id}),
    "ListNotifications, a group": Reach(lambda t: {"group_name": t.group}),
    "ListNotifications, a next page": Reach(lambda t: {"page_token": t.page_token}),
    "ListNotifications, changes": Reach(lambda _: {"changed_after": 0}),
    "UpdateNotification, by id": Reach(lambda t: {**PATCH, "notification": ref_id(t)}, by_device=True),
    "UpdateNotification, by key": Reach(lambda t: {**PATCH, "notification": ref_key(t)}, by_device=True),
    "UpdateNotification, if unchanged": Reach(
        lambda t: {**PATCH, "notification": ref_id(t), "expected_revision": 1}, by_device=True
    ),
    "MarkNotifications, by id": Reach(lambda t: {**READING, "references": by_id(t.id)}, by_device=True),
    "MarkNotifications, by key": Reach(lambda t: {**READING, "references": by_key(t.key)}, by_device=True),
    "MarkNotifications, if unchanged": Reach(
        lambda t: {**READING, "references": by_id(t.id), "expected_revision": 1}, by_device=True
    ),
    "MarkNotifications, a group": Reach(lambda t: {**READING, "group_name": t.group}, by_device=True),
    "MarkNotifications, all": Reach(lambda _: {**READING, "all": ALL}, by_device=True),
    "MarkNotifications, as the device": Reach(
        lambda t: {**READING, "all": ALL, "endpoint_id": t.endpoint_id}
    ),
    "DeleteNotification, by id": Reach(lambda t: {"notification": ref_id(t)}, by_device=True),
    "DeleteNotification, by key": Reach(lambda t: {"notification": ref_key(t)}, by_device=True),
    "DeleteNotification, if unchanged": Reach(
        lambda t: {"notification": ref_id(t), "expected_revision": 1}, by_device=True
    ),
    "DeleteNotifications, by id": Reach(lambda t: {"references": by_id(t.id)}, by_device=True),
    "DeleteNotifications, a group": Reach(lambda t: {"group_name": t.group}, by_device=True),
    "DeleteNotifications, all": Reach(lambda _: {"all": ALL}, by_device=True),
    "DeleteNotifications, as the device": Reach(lambda t: {"all": ALL, "endpoint_id": t.endpoint_id}),
    "Subscribe": Reach(lambda t: {**LINUX, "endpoint_id": t.endpoint_id}),
    "Subscribe, where they are": Reach(
        lambda t: {**LINUX, "endpoint_id": t.endpoint_id, "resume_token": t.resume_token}
    ),
    "Acknowledge": Reach(lambda t: {"resume_token": t.resume_token}, by_device=True),
    "Acknowledge, as the device": Reach(
        lambda t: {"endpoint_id": t.endpoint_id, "resume_token": t.resume_token}
    ),
    "GetFeed": Reach(nothing),
    "GetFeed, the device's": Reach(lambda t: {"endpoint_id": t.endpoint_id}),
    "DeleteFeed": Reach(nothing),
    "RegisterEndpoint": Reach(lambda t: {**LINUX, "endpoint_id": t.endpoint_id}),
    "GetEndpoint": Reach(lambda t: {"endpoint_id": t.endpoint_id}),
    "ListEndpoints": Reach(nothing),
    "UpdateEndpoint": Reach(
        lambda t: {
            "endpoint_id": t.endpoint_id,
            "display_name": "Mine",
            "update_mask": {"paths": ["display_name"]},
        }
    ),
    "DeleteEndpoint": Reach(lambda t: {"endpoint_id": t.endpoint_id}),
    "GetServerInfo": Reach(nothing),
    "ServerReflectionInfo": Reach(nothing),
    "ExplainNotifications": Reach(lambda _: {"app_id": APP}),
    "ExplainNotifications, by id": Reach(lambda t: {"app_id": APP, "notification": ref_id(t)}),
    "ExplainNotifications, by key": Reach(lambda t: {"app_id": APP, "notification": ref_key(t)}),
    "ExplainNotifications, a next page": Reach(lambda _: {"app_id": APP, "page_token": "2"}),
    "GetStats": Reach(nothing),
}

#: Fields of requests that name nothing of anybody: they are new content, the way to ask, or a filter on what
#: the other fields name.
NAME_NOTHING: Final = frozenset(
    (
        *("on_conflict", "payload", "content", "update_mask", "priority", "category", "target_policy"),
        *("display_time_to_live", "expire_time", "silent", "snooze_until", "snooze_for", "action_id"),
        *("read_state", "user_action_state", "start_time", "end_time", "up_to_revision", "page_size"),
        *(
            "platform",
            "display_name",
            "start_position",
            "heartbeat_interval",
            "ephemeral",
            "bar_for",
            "may_return",
        ),
        *("group_name",),
    )
)
