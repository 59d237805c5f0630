"""An admin is told what became of a notification, and nothing of what is in it."""

from typing import Any

import pytest

from tests.support import tokens
from tests.support.api_client import READ, ApiClient, titled
from tests.support.methods import methods
from tests.support.nodes import Running
from tests.support.rpc_errors import raises_status
from unisono.client import bearer
from unisono.v1 import admin_service_pb2 as pb
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2

(EXPLAIN,) = (method for method in methods() if method.name == "ExplainNotifications")
APP = "mail.test"
SECRET = "Zq7xKw"


async def explain(serving: Running, user: str, /, **fields: Any) -> pb.ExplainNotificationsResponse:
    body = EXPLAIN.body(**{"app_id": APP, "user_id": user, **fields})
    answer = await EXPLAIN.call(serving.channel, body, bearer(tokens.admin()))
    return pb.ExplainNotificationsResponse.FromString(answer)


def deliveries(one: pb.NotificationExplanation) -> dict[str, tuple[int, int]]:
    return {each.endpoint_id: (each.reach, each.receipt) for each in one.deliveries}


async def test_from_the_send_to_the_end(
    serving: Running, publisher: ApiClient, phone: ApiClient, user_id: str
) -> None:
    sent = await publisher.send(target_policy={"platforms": [notification_pb2.DEVICE_PLATFORM_LINUX]})
    laptop = ApiClient(serving.user(user_id), endpoint_id="laptop")
    await laptop.register(platform=notification_pb2.DEVICE_PLATFORM_IOS)

    answer = await explain(serving, user_id)
    (one,) = answer.notifications
    assert (answer.feed.last_revision, answer.feed.live_count, answer.feed.unread_count) == (1, 1, 1)
    assert [endpoint.endpoint_id for endpoint in answer.endpoints] == ["phone", "laptop"]
    assert (one.id, one.sender_role, one.silent) == (sent.id, notification_pb2.SENDER_ROLE_PUBLISHER, False)
    assert (one.create_revision, one.revision, one.alert_revision) == (1, 1, 1)
    assert one.changed_by == pb.Changer(client_id="mail-client")
    assert one.ringing == pb.RINGING_RINGS
    assert one.rings_until == one.expire_time
    assert not one.HasField("removal")
    assert deliveries(one) == {
        "phone": (pb.REACH_MEANT, pb.RECEIPT_NOT_KNOWN),
        "laptop": (pb.REACH_NOT_TARGETED, pb.RECEIPT_UNSPECIFIED),
    }

    listed = await publisher.history(endpoint_id="phone")
    await phone.acknowledge(listed.resume_token)
    (one,) = (await explain(serving, user_id)).notifications
    assert deliveries(one)["phone"] == (pb.REACH_MEANT, pb.RECEIPT_ACKNOWLEDGED)

    await phone.mark(sent.id, read_state=READ)
    (one,) = (await explain(serving, user_id)).notifications
    assert (one.ringing, one.HasField("rings_until")) == (pb.RINGING_READ, False)
    assert one.changed_by == pb.Changer(endpoint_id="phone")
    assert deliveries(one)["phone"] == (pb.REACH_MEANT, pb.RECEIPT_EARLIER_STATE)

    await phone.remove()
    await publisher.delete(sent.id)
    answer = await explain(serving, user_id, notification={"id": sent.id})
    (one,) = answer.notifications
    assert (one.removal, one.ringing) == (feed_pb.CHANGE_TYPE_DELETED, pb.RINGING_REMOVED)
    assert [endpoint.HasField("delete_time") for endpoint in answer.endpoints] == [False, True]
    assert deliveries(one)["phone"] == (pb.REACH_ENDPOINT_DELETED, pb.RECEIPT_UNSPECIFIED)


async def test_nothing_of_a_content_is_told(serving: Running, publisher: ApiClient, user_id: str) -> None:
    """Nor a key, a group or a category of the app's, nor the name of a device."""
    payload = titled(SECRET)
    payload.visual_content.body = payload.visual_content.link = f"https://{SECRET}"
    payload.raw_content = SECRET.encode()
    payload.data[SECRET] = SECRET
    names = dict.fromkeys(("app_notification_id", "group_name", "category"), SECRET)
    await ApiClient(serving.user(user_id), endpoint_id="phone").register(display_name=SECRET)
    sent = await publisher.send(payload=payload, **names)
    await publisher.send(payload=payload, group_name=SECRET)
    await publisher.delete((await publisher.send(payload=payload, category=SECRET)).id)

    for fields in ({}, {"notification": {"id": sent.id}}, {"notification": {"app_notification_id": SECRET}}):
        answer = await explain(serving, user_id, **fields)
        assert answer.notifications
        assert SECRET.encode() not in answer.SerializeToString()


async def test_what_is_not_known_is_no_error(serving: Running, publisher: ApiClient, user_id: str) -> None:
    nobody = await explain(serving, user_id)
    assert not nobody.HasField("feed")
    await publisher.send()
    unknown = await explain(serving, user_id, notification={"app_notification_id": "never"})
    assert unknown.HasField("feed")
    assert not unknown.notifications


async def test_the_same_user_of_another_app_is_somebody_else(
    serving: Running, publisher: ApiClient, user_id: str
) -> None:
    sent = await publisher.send()
    answer = await explain(serving, user_id, app_id="chat.test", notification={"id": sent.id})
    assert not answer.HasField("feed")
    assert not answer.notifications


async def test_pages(serving: Running, publisher: ApiClient, user_id: str) -> None:
    sent = [(await publisher.send()).id for _ in range(5)]
    found, token = [], ""
    for _ in range(3):
        answer = await explain(serving, user_id, page_size=2, page_token=token)
        found += [one.id for one in answer.notifications]
        token = answer.next_page_token
    assert (found, token) == (sent[::-1], "")


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("app_id", {"app_id": ""}),
        ("user_id", {"user_id": ""}),
        ("user_id", {"user_id": "x" * 257}),
        ("notification", {"notification": {}}),
        ("notification.id", {"notification": {"id": ""}}),
        ("page_size", {"page_size": 21}),
        ("page_size", {"page_size": -1}),
        ("page_token", {"page_token": "x"}),
        ("page_token", {"page_token": "-1"}),
        ("page_token", {"page_token": "9" * 16}),
        ("page_token", {"page_token": "\u0663"}),
    ],
)
async def test_what_is_wrong_with_a_request_is_said(
    serving: Running, field: str, fields: dict[str, Any]
) -> None:
    with raises_status("INVALID_ARGUMENT", "INVALID_REQUEST", field):
        await explain(serving, "ada", **fields)
