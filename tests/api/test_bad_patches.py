"""A patch that breaks a rule is refused, with every bad field by name, and changes nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from tests.support.api_client import ALL, READ, SNOOZED, ApiClient, by_id, time_of, titled
from tests.support.rpc_errors import case, invalid
from unisono.v1 import notification_pb2 as pb
from unisono.v1.notification_service_pb2 import NotificationContent

HELLO = {"payload": titled("Hello")}
REF = pb.NotificationRef(id="x")

NAMINGS: dict[str, tuple[Any, str]] = {
    "nothing": (None, "notification"),
    "an empty reference": (pb.NotificationRef(), "notification"),
    "an empty id": (pb.NotificationRef(id=""), "notification.id"),
    "an empty key": (pb.NotificationRef(app_notification_id=""), "notification.app_notification_id"),
    "an id with a line break": (pb.NotificationRef(id="a\n"), "notification.id"),
}


#: Every request that names one notification.
ACTS: dict[str, Callable[[ApiClient, Any], Awaitable[object]]] = {
    "Get": lambda caller, ref: caller.get(notification=ref),
    "Update": lambda caller, ref: caller.update(notification=ref, content={"group_name": "a"}),
    "Delete": lambda caller, ref: caller.delete(notification=ref),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize(("notification", "field"), NAMINGS.values(), ids=NAMINGS)
async def test_a_notification_is_named_by_an_id_or_a_key(
    publisher: ApiClient, act: Callable[[ApiClient, Any], Awaitable[object]], notification: Any, field: str
) -> None:
    with invalid(field):
        await act(publisher, notification)


UPDATES = [
    case("no mask", "update_mask", update_mask=None, content=HELLO),
    case("an empty mask", "update_mask", update_mask={"paths": []}, content=HELLO),
    case("an unknown path", "update_mask", update_mask={"paths": ["payload", "title"]}, content=HELLO),
    case("a deep path", "update_mask", update_mask={"paths": ["payload.raw_content"]}, content=HELLO),
    case("a path of the state", "update_mask", update_mask={"paths": ["read_state"]}),
    case("what is fixed", "update_mask", update_mask={"paths": ["target_policy"]}),
    case("every path", "update_mask", update_mask={"paths": ["*"]}),
    case("a payload that is cleared", "content.payload", update_mask={"paths": ["payload"]}),
    case("expiry in the past", "content.expire_time", content={"expire_time": time_of(1)}),
    case(
        "a negative revision", "expected_revision", content={"group_name": "a"}, expected_revision=-1
    ),
    case(
        "a revision that is no double", "expected_revision", content={"group_name": "a"},
        expected_revision=2**53,
    ),
    case(
        "several at once",
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
        endpoint_id="phone",
        notification=None,
        update_mask={
            "paths": [*NotificationContent.DESCRIPTOR.fields_by_name, "id"]
        },
        content={
            "payload": {"visual_content": {"title": "\0"}},
            "group_name": "\n",
            "category": "\n",
            "priority": 17,
            "display_time_to_live": Duration(),
            "expire_time": time_of(1),
        },
        expected_revision=-1,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("request_fields", "fields"), UPDATES)
async def test_a_bad_patch_of_content_names_every_bad_field(
    publisher: ApiClient, request_fields: dict[str, Any], fields: tuple[str, ...]
) -> None:
    result = await publisher.send()
    with invalid(*fields):
        await publisher.update(**{"id": result.id, **request_fields})
    assert (await publisher.get(result.id)).revision == result.revision


MARKS = [
    case("no selector", "selector", read_state=READ),
    case("no state", "read_state", all=ALL),
    case("no references", "references.refs", references=by_id(), read_state=READ),
    case("an empty reference", "references.refs[1]", references={"refs": [REF, {}]}, read_state=READ),
    case("no group", "group_name", group_name="", read_state=READ),
    case("an unknown read state", "read_state", all=ALL, read_state=3),
    case("an unknown action state", "user_action_state", all=ALL, user_action_state=5),
    case(
        "a snooze into the past", "snooze_until", all=ALL, user_action_state=SNOOZED, snooze_until=time_of(1)
    ),
    case("an end without a snooze", "snooze_until", all=ALL, read_state=READ, snooze_until=time_of(2**42)),
    case("a negative bound", "up_to_revision", all=ALL, read_state=READ, up_to_revision=-1),
    case("a bound that is no double", "up_to_revision", all=ALL, read_state=READ, up_to_revision=2**53),
    case("a revision of all", "expected_revision", all=ALL, read_state=READ, expected_revision=1),
    case("a revision of a group", "expected_revision", group_name="a", read_state=READ, expected_revision=1),
    case(
        "a revision of two", "expected_revision", references=by_id("a", "b"), read_state=READ,
        expected_revision=1,
    ),
    case(
        "several at once",
        "user_id",
        "endpoint_id",
        "selector",
        "read_state",
        "user_action_state",
        "snooze_until",
        "up_to_revision",
        "expected_revision",
        user_id="",
        endpoint_id="phone",
        read_state=99,
        user_action_state=99,
        snooze_until=time_of(1),
        up_to_revision=-1,
        expected_revision=-1,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("request_fields", "fields"), MARKS)
async def test_a_bad_mark_names_every_bad_field(
    publisher: ApiClient, request_fields: dict[str, Any], fields: tuple[str, ...]
) -> None:
    result = await publisher.send()
    with invalid(*fields):
        await publisher.mark(**request_fields)
    assert (await publisher.get(result.id)).revision == result.revision


IMPOSSIBLE = {
    "negative nanos": Timestamp(seconds=1_900_000_000, nanos=-1),
    "a whole second of nanos": Timestamp(seconds=1_900_000_000, nanos=1_000_000_000),
    "before the year 1": Timestamp(seconds=-62_135_596_801),
    "after the year 9999": Timestamp(seconds=253_402_300_800),
}

#: Every field that is a time.
TIMES: dict[str, Callable[[ApiClient, str, Timestamp], Awaitable[object]]] = {
    "expire_time": lambda caller, _, time: caller.send(expire_time=time),
    "content.expire_time": lambda caller, id_, time: caller.update(id_, content={"expire_time": time}),
    "snooze_until": lambda caller, id_, time: caller.mark(id_, user_action_state=SNOOZED, snooze_until=time),
    "start_time": lambda caller, _, time: caller.history(start_time=time, end_time=time_of(1)),
    "end_time": lambda caller, _, time: caller.history(start_time=time_of(1), end_time=time),
}


@pytest.mark.parametrize("time", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
@pytest.mark.parametrize("field", TIMES)
async def test_an_impossible_time_is_said_to_be_one(
    publisher: ApiClient, field: str, time: Timestamp
) -> None:
    result = await publisher.send()
    with invalid(field) as failure:
        await TIMES[field](publisher, result.id, time)
    assert failure.violations == {field: "is not a valid timestamp"}
