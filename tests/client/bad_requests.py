"""Requests that break one rule each, and the fields that their refusal names."""

from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from unisono.client._wire import methods
from unisono.client._wire.methods import Method
from unisono.v1.notification_service_pb2 import NotificationContent

DAY = 24 * 3600
#: A time in the past and one that is no time.
PAST, IMPOSSIBLE = Timestamp(seconds=1), Timestamp(nanos=-1)
NAMELESS: dict[str, Any] = {"notification": {}}
HELLO: dict[str, Any] = {"payload": {"visual_content": {"title": "Hello"}}}
NAMED: dict[str, Any] = {"notification": {"id": "x"}}
ONE: dict[str, Any] = {"references": {"refs": [{"id": "x"}]}}
READ: dict[str, Any] = {"read_state": 2}
SNOOZED: dict[str, Any] = {"user_action_state": 4}
#: Too long for an id, with a control character.
BAD_NAME = "x" * 257 + "\n"


def by_app(name: str, method: Method[Any, Any], *fields: str, **request: Any) -> Any:
    return pytest.param(method, False, {"user_id": "ada", **request}, fields, id=f"{method.name}: {name}")


def by_device(name: str, method: Method[Any, Any], *fields: str, **request: Any) -> Any:
    asked = {"endpoint_id": "laptop", **request}
    return pytest.param(method, True, asked, fields, id=f"{method.name}: {name}")


BAD = [
    by_app("no user", methods.SEND, "user_id", user_id="", **HELLO),
    by_app("an endpoint", methods.SEND, "endpoint_id", endpoint_id="phone", **HELLO),
    by_app("no payload", methods.SEND, "payload"),
    by_app("an empty payload", methods.SEND, "payload", payload={}),
    by_app("expiry in the past", methods.SEND, "expire_time", expire_time=PAST, **HELLO),
    by_app("no expiry", methods.SEND, "expire_time", expire_time=IMPOSSIBLE, **HELLO),
    by_app(
        "shown for ever",
        methods.SEND,
        "display_time_to_live",
        display_time_to_live=Duration(seconds=30 * DAY + 1),
        **HELLO,
    ),
    by_app(
        "shown for a time of two signs",
        methods.SEND,
        "display_time_to_live",
        display_time_to_live=Duration(seconds=1, nanos=-1),
        **HELLO,
    ),
    by_app(
        "too many platforms",
        methods.SEND,
        "target_policy.platforms",
        target_policy={"platforms": [1, 9, 0] * 11},
        **HELLO,
    ),
    by_app(
        "too many paths",
        methods.UPDATE,
        "update_mask",
        update_mask={"paths": ["payload", "x", ""] * 11},
        **NAMED,
    ),
    by_app(
        "too many references",
        methods.MARK,
        "references.refs",
        references={"refs": [{}] * 501},
        **READ,
    ),
    by_app(
        "more bad references than are named",
        methods.MARK,
        *(f"references.refs[{number}]" for number in range(20)),
        references={"refs": [{}] * 100},
        **READ,
    ),
    by_app(
        "too many endpoints",
        methods.SEND,
        "target_policy.endpoint_ids",
        target_policy={"endpoint_ids": map(str, range(101))},
        **HELLO,
    ),
    by_app(
        "everything",
        methods.SEND,
        "endpoint_id",
        "user_id",
        "app_notification_id",
        "on_conflict",
        "payload.raw_content",
        "payload.visual_content.title",
        "payload.visual_content.body",
        "group_name",
        "category",
        "priority",
        "display_time_to_live",
        "target_policy.platforms[0]",
        "target_policy.endpoint_ids[0]",
        "target_policy.endpoint_ids[1]",
        "expire_time",
        user_id="",
        endpoint_id="a\nb",
        app_notification_id=BAD_NAME,
        on_conflict=7,
        payload={"visual_content": {"body": "\0" + "x" * 9000}, "raw_content": b"x" * 32_769},
        group_name=BAD_NAME,
        category=BAD_NAME,
        priority=9,
        display_time_to_live=Duration(nanos=1),
        target_policy={"platforms": [0], "endpoint_ids": ["", "\t"]},
        expire_time=PAST,
    ),
    by_device("no endpoint", methods.SEND, "endpoint_id", endpoint_id="", **HELLO),
    by_app("nothing named", methods.GET, "notification"),
    by_app("an empty id", methods.GET, "notification.id", notification={"id": ""}),
    by_app("a bad key", methods.GET, "notification.app_notification_id",
           notification={"app_notification_id": BAD_NAME}),
    by_app("no mask", methods.UPDATE, "update_mask", **NAMED),
    by_app("a payload that is cleared", methods.UPDATE, "content.payload",
           update_mask={"paths": ["payload"]}, **NAMED),
    by_device(
        "everything",
        methods.UPDATE,
        "endpoint_id",
        "notification",
        "update_mask",
        "content.payload.visual_content.title",
        "content.group_name",
        "content.category",
        "content.priority",
        "content.display_time_to_live",
        "content.expire_time",
        "expected_revision",
        endpoint_id="",
        update_mask={
            "paths": ["id", *NotificationContent.DESCRIPTOR.fields_by_name]
        },
        content={
            "payload": {"visual_content": {"title": "\0"}},
            "group_name": "\n",
            "category": "\n",
            "priority": -1,
            "display_time_to_live": Duration(),
            "expire_time": PAST,
        },
        expected_revision=-1,
        **NAMELESS,
    ),
    by_app("no selector", methods.MARK, "selector", **READ),
    by_app("no state", methods.MARK, "read_state", **ONE),
    by_app("no references", methods.MARK, "references.refs", references={}, **READ),
    by_app("too many references", methods.MARK, "references.refs",
           references={"refs": [{"id": "x"}] * 501}, **READ),
    by_app("bad references", methods.MARK, "references.refs[0]", "references.refs[1].id",
           references={"refs": [{}, {"id": ""}]}, **READ),
    by_app("no group", methods.MARK, "group_name", group_name="", **READ),
    by_app("a revision of all", methods.MARK, "expected_revision", all={}, expected_revision=1, **READ),
    by_app("a snooze into the past", methods.MARK, "snooze_until", snooze_until=PAST, **SNOOZED, **ONE),
    by_app("an end without a snooze", methods.MARK, "snooze_until",
           snooze_until=Timestamp(seconds=2**32), **READ, **ONE),
    by_app("a span without a snooze", methods.MARK, "snooze_for",
           snooze_for=Duration(seconds=1), **READ, **ONE),
    by_app("no span", methods.MARK, "snooze_for", snooze_for=Duration(), **SNOOZED, **ONE),
    by_app("a span of more than 30 days", methods.MARK, "snooze_for",
           snooze_for=Duration(seconds=30 * 24 * 3600 + 1), **SNOOZED, **ONE),
    by_app("a span and an end", methods.MARK, "snooze_for",
           snooze_for=Duration(seconds=1), snooze_until=Timestamp(seconds=2**32), **SNOOZED, **ONE),
    by_app(
        "everything",
        methods.MARK,
        "endpoint_id",
        "user_id",
        "selector",
        "read_state",
        "user_action_state",
        "snooze_until",
        "up_to_revision",
        "expected_revision",
        user_id="\0",
        endpoint_id="phone",
        read_state=3,
        user_action_state=5,
        snooze_until=IMPOSSIBLE,
        up_to_revision=2**53,
        expected_revision=-1,
    ),
    by_device("everything", methods.DELETE, "endpoint_id", "notification", "expected_revision",
              endpoint_id="", expected_revision=2**53, **NAMELESS),
    by_app("an empty span", methods.LIST, "end_time", start_time=PAST, end_time=PAST),
    by_app(
        "everything",
        methods.LIST,
        "endpoint_id",
        "user_id",
        "group_name",
        "category",
        "start_time",
        "user_action_state",
        "read_state",
        "page_token",
        "page_size",
        user_id="",
        endpoint_id="\0",
        group_name=BAD_NAME,
        category=BAD_NAME,
        start_time=IMPOSSIBLE,
        end_time=PAST,
        user_action_state=9,
        read_state=9,
        page_token="?",
        page_size=501,
    ),
    by_app("no user", methods.GET_FEED, "user_id", user_id=""),
    by_device("a bad endpoint", methods.GET_FEED, "endpoint_id", endpoint_id="\n"),
    by_device("no token", methods.ACKNOWLEDGE, "resume_token"),
    by_device("everything", methods.ACKNOWLEDGE, "endpoint_id", "resume_token", endpoint_id=""),
    by_device("no platform", methods.SUBSCRIBE, "platform"),
    by_device(
        "everything",
        methods.SUBSCRIBE,
        "endpoint_id",
        "platform",
        "display_name",
        "start_position",
        "heartbeat_interval",
        endpoint_id="",
        platform=99,
        display_name="\0",
        start_position=99,
        heartbeat_interval=Duration(),
    ),
    by_device("everything", methods.REGISTER_ENDPOINT, "endpoint_id", "platform", "display_name",
              endpoint_id=BAD_NAME, platform=0, display_name=BAD_NAME),
    by_device("everything", methods.UPDATE_ENDPOINT, "endpoint_id", "update_mask", "display_name",
              endpoint_id="", update_mask={"paths": ["platform"]}, display_name="\n"),
    by_device("no endpoint", methods.DELETE_ENDPOINT, "endpoint_id", endpoint_id=""),
    by_app("no user", methods.LIST_ENDPOINTS, "user_id", user_id=""),
]  # fmt: skip
