"""The table of what only newer servers know is the difference between the contract and the released one."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorSet
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from tests.support.methods import methods
from tests.support.release_before import CONTRACT_LEVEL
from unisono.client._wire.contract_levels import LEVELS, METHOD_LEVELS, NEWEST, OLDEST, field_above
from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

PROTO = Path(__file__).parents[2] / "proto"
PACKAGE = "unisono.v1"


def names(prefix: str, message: DescriptorProto) -> Iterator[str]:
    """The full names of all fields of a message, and of those that are declared in it."""
    yield from (f"{prefix}.{message.name}.{field.name}" for field in message.field)
    for nested in message.nested_type:
        yield from names(f"{prefix}.{message.name}", nested)


def released() -> tuple[set[str], set[str]]:
    """The methods and the fields of the contract of the release before."""
    image = FileDescriptorSet.FromString((PROTO / "released.binpb").read_bytes())
    files = [file for file in image.file if file.package == PACKAGE]
    declared = {method.name for file in files for service in file.service for method in service.method}
    fields = {name for file in files for message in file.message_type for name in names(PACKAGE, message)}
    return declared, fields


def added(message: Descriptor, known: set[str], seen: set[str]) -> Iterator[str]:
    """The fields that a message has now, and those of what it holds; what a new field holds is new anyway."""
    if message.full_name in seen or not message.full_name.startswith(PACKAGE):
        return
    seen.add(message.full_name)
    for field in message.fields:
        if field.full_name not in known:
            yield field.full_name
        elif field.message_type is not None:
            yield from added(field.message_type, known, seen)


def requests() -> list[Descriptor]:
    """The requests of released methods: a method that a server lacks refuses them all by itself."""
    declared, _ = released()
    return [
        method.descriptor.input_type
        for method in methods()
        if method.descriptor is not None and method.name in declared
    ]


def test_every_field_that_a_request_may_have_since_is_in_the_table_and_no_other() -> None:
    _, known = released()
    seen: set[str] = set()

    found = {name for request in requests() for name in added(request, known, seen)}

    assert found == {name for name, level in LEVELS.items() if level > CONTRACT_LEVEL}
    assert {name for name, level in LEVELS.items() if level <= CONTRACT_LEVEL} <= known
    assert len(seen) > len(requests())


def test_so_is_every_method_and_no_other() -> None:
    """One that every server has is never lacking: something underway says so."""
    declared, _ = released()

    since = {
        method.path
        for method in methods()
        if method.descriptor and method.name not in declared and not method.for_admins
    }

    assert since == {path for path, level in METHOD_LEVELS.items() if level > CONTRACT_LEVEL}
    assert {path for path, level in METHOD_LEVELS.items() if level <= CONTRACT_LEVEL} <= {
        method.path for method in methods() if method.name in declared
    }


def test_the_levels_are_those_that_the_contract_names() -> None:
    text = (PROTO / "unisono/v1/server_service.proto").read_text().replace("\n  // ", " ")
    named = {}
    for level, said in re.findall(r"Level (\d+): (.*?)\.\n", text):
        for part in said.split(";"):
            fields, kinds = (set(re.findall(r"\w+", side)) - {"and"} for side in part.split(" of "))
            named.update({f"{PACKAGE}.{kind}.{field}": int(level) for field in fields for kind in kinds})

    assert named == LEVELS
    assert set(LEVELS.values()) == set(range(OLDEST + 1, NEWEST + 1))


def content(**fields: Any) -> service_pb.SendNotificationRequest:
    visual = pb.VisualContent(title="Hello", body="Ada", **fields)
    return service_pb.SendNotificationRequest(user_id="ada", payload=pb.Payload(visual_content=visual))


KNOWN: dict[str, Message] = {
    "nothing": service_pb.SendNotificationRequest(),
    "a plain send": content(),
    "fields that are as without them": service_pb.SendNotificationRequest(silent=False, category=""),
    "a plain mask": service_pb.UpdateNotificationRequest(
        update_mask=FieldMask(paths=["payload", "priority"])
    ),
    "a name": endpoint_pb.UpdateEndpointRequest(update_mask=FieldMask(paths=["display_name"])),
    "a stream": feed_pb.SubscribeRequest(endpoint_id="laptop", resume_token=b"x"),
    "a snooze": service_pb.MarkNotificationsRequest(snooze_until=Timestamp(seconds=1)),
}

NEWER: dict[str, Message] = {
    "SendNotificationRequest.silent": service_pb.SendNotificationRequest(silent=True),
    "SendNotificationRequest.category": service_pb.SendNotificationRequest(category="news"),
    "VisualContent.link": content(link="https://unisono.test"),
    "VisualContent.icon_url": content(icon_url="https://unisono.test"),
    "VisualContent.image_url": content(image_url="https://unisono.test"),
    "VisualContent.actions": content(actions=[pb.Action(action_id="reply")]),
    "VisualContent.format": content(format=pb.BODY_FORMAT_MARKDOWN),
    "Payload.data": service_pb.SendNotificationRequest(payload=pb.Payload(data={"key": "value"})),
    "ListNotificationsRequest.category": service_pb.ListNotificationsRequest(category=""),
    "ListNotificationsRequest.changed_after": service_pb.ListNotificationsRequest(changed_after=0),
    "NotificationContent.category": service_pb.UpdateNotificationRequest(
        update_mask=FieldMask(paths=["priority", "category"])
    ),
    "MarkNotificationsRequest.snooze_for": service_pb.MarkNotificationsRequest(
        snooze_for=Duration(seconds=1)
    ),
    "MarkNotificationsRequest.action_id": service_pb.MarkNotificationsRequest(
        action_id="reply", snooze_until=Timestamp(seconds=1)
    ),
    "DeleteEndpointRequest.may_return": endpoint_pb.DeleteEndpointRequest(may_return=True),
    "SubscribeRequest.ephemeral": feed_pb.SubscribeRequest(endpoint_id="window", ephemeral=True),
}


@pytest.mark.parametrize("request_", KNOWN.values(), ids=KNOWN)
def test_what_every_server_knows(request_: Message) -> None:
    assert field_above(request_, OLDEST) is None


@pytest.mark.parametrize("name", NEWER)
def test_what_only_newer_servers_know(name: str) -> None:
    level = LEVELS[f"{PACKAGE}.{name}"]
    assert field_above(NEWER[name], level - 1) == name
    assert field_above(NEWER[name], level) is None


def test_the_examples_are_of_all_that_is_in_the_table() -> None:
    assert {f"{PACKAGE}.{name}" for name in NEWER} == set(LEVELS)


def test_one_of_a_batch_is_enough() -> None:
    plain, silent = service_pb.SendNotificationRequest(), service_pb.SendNotificationRequest(silent=True)

    found = field_above(service_pb.BatchSendNotificationsRequest(requests=[plain, plain, silent]), OLDEST)

    assert found == "SendNotificationRequest.silent"
    assert field_above(service_pb.BatchSendNotificationsRequest(requests=[plain] * 3), OLDEST) is None
