"""Small histories of one notification of Bob's, written by hand."""

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb
from unisono.verify.checker import check
from unisono.verify.history import Call, History, Principal, Stream, TimedMessage

BACKEND = Principal(app_id="mail.test")
BOB = Principal(app_id="mail.test", user_id="bob")
LATER = 9_000


def at(seconds: int) -> Timestamp:
    return Timestamp(seconds=seconds)


def row(revision: int = 1, expires: int = LATER) -> pb.Notification:
    return pb.Notification(
        id="n1",
        app_id="mail.test",
        user_id="bob",
        revision=revision,
        alert_revision=1,
        expire_time=at(expires),
        read_state=pb.READ_STATE_UNREAD,
        user_action_state=pb.USER_ACTION_STATE_NO_INTERACTION,
    )


def call(method: str, request: Message, began: float, answer: Message) -> Call:
    return Call(
        principal=BACKEND, method=method, request=request, began=began, ended=began + 0.1, answer=answer
    )


def sent(began: float, expires: int = LATER) -> Call:
    result = service_pb.SendResult(id="n1", revision=1, expire_time=at(expires))
    answer = service_pb.SendNotificationResponse(result=result)
    return call("SendNotification", service_pb.SendNotificationRequest(user_id="bob"), began, answer)


def listed(began: float, *rows: pb.Notification) -> Call:
    answer = service_pb.ListNotificationsResponse(notifications=rows)
    return call("ListNotifications", service_pb.ListNotificationsRequest(user_id="bob"), began, answer)


def stream(began: float, *messages: feed_pb.SubscribeResponse, start: int = 0, token: bytes = b"") -> Stream:
    request = feed_pb.SubscribeRequest(endpoint_id="tv", platform=pb.DEVICE_PLATFORM_WEB)
    if token:
        request.resume_token = token
    else:
        request.start_position = feed_pb.StartPosition.ValueType(start)
    received = [TimedMessage(began + 0.1 * number, message) for number, message in enumerate(messages)]
    return Stream(principal=BOB, request=request, began=began, messages=received, ended=began + 1)


def welcome(revision: int) -> feed_pb.SubscribeResponse:
    return feed_pb.SubscribeResponse(
        resume_token=b"w", revision=revision, welcome=feed_pb.Welcome(session_id="s", resumed=True)
    )


def batch(revision: int, row: pb.Notification, token: bytes) -> feed_pb.SubscribeResponse:
    event = feed_pb.Event(notification_id=row.id, revision=row.revision, notification=row)
    return feed_pb.SubscribeResponse(
        resume_token=token, revision=revision, event_batch=feed_pb.EventBatch(events=[event])
    )


def synced(revision: int, unread_count: int, token: bytes = b"t") -> feed_pb.SubscribeResponse:
    return feed_pb.SubscribeResponse(
        resume_token=token,
        revision=revision,
        complete=True,
        unread_count=unread_count,
        synced=feed_pb.Synced(),
    )


def judged(history: History) -> dict[str, str]:
    return {name: str(broken) for name, broken in check(history).items()}
