"""Every list of every request has a limit, and is not walked beyond it: read off the contract."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.support import tokens
from tests.support.methods import Method, methods
from tests.support.nodes import Running
from unisono.client import bearer
from unisono.server.api.sizes import request_size
from unisono.server.model import Limits
from unisono.server.model.limits import ACTIONS, DATA_ENTRIES, MASK_PATHS, TARGET_PLATFORMS
from unisono.v1 import notification_service_pb2 as pb

LIMITS = Limits()

#: What a list of a request may hold, by its full name, and the path by which a refusal names it. A list that
#: is not named here fails the test below: it needs a limit.
KNOWN = {
    "unisono.v1.BatchSendNotificationsRequest.requests": (LIMITS.batch_items, "requests"),
    "unisono.v1.NotificationRefs.refs": (LIMITS.mark_references, "references.refs"),
    "unisono.v1.TargetPolicy.endpoint_ids": (LIMITS.target_endpoints, "target_policy.endpoint_ids"),
    "unisono.v1.TargetPolicy.platforms": (TARGET_PLATFORMS, "target_policy.platforms"),
    "unisono.v1.VisualContent.actions": (ACTIONS, "payload.visual_content.actions"),
    "unisono.v1.Payload.data": (DATA_ENTRIES, "payload.data"),
    "google.protobuf.FieldMask.paths": (MASK_PATHS, "update_mask"),
}

#: Calls of functions, in Python or not, that the refusal of one request may take, with all of gRPC around it:
#: the items of a batch are told apart one by one, up to their limit.
ENOUGH = 10 * LIMITS.batch_items


@dataclass(frozen=True)
class List:
    """A list in the request of a method: the fields that lead to it, and it."""

    method: Method
    path: tuple[FieldDescriptor, ...]

    @property
    def kind(self) -> FieldDescriptor:
        return self.path[-1]

    def __str__(self) -> str:
        return f"{self.method.name}.{'.'.join(field.name for field in self.path)}"

    @property
    def in_a_batch(self) -> bool:
        """Whether it is in an item of a batch, where it is refused alone."""
        return len(self.path) > 1 and self.path[0].is_repeated


def lists(method: Method, kind: Descriptor, path: tuple[FieldDescriptor, ...] = ()) -> Iterator[List]:
    """All lists and maps of a message, and of those in it."""
    for field in kind.fields:
        if field.is_repeated:
            yield List(method, (*path, field))
        if field.message_type is not None and field not in path:
            yield from lists(method, field.message_type, (*path, field))


ALL = [one for m in methods() if m.descriptor for one in lists(m, m.descriptor.input_type)]
every_list = pytest.mark.parametrize("one", ALL, ids=str)


def members(kind: FieldDescriptor, count: int) -> Any:
    """So many, as small as they can be, and bad."""
    if is_map(kind):
        return {f"\0{number:x}": "" for number in range(count)}
    if kind.message_type is not None:
        return [GetMessageClass(kind.message_type)()] * count
    return [99 if kind.type == FieldDescriptor.TYPE_ENUM else "\0"] * count


def is_map(kind: FieldDescriptor) -> bool:
    return kind.message_type is not None and kind.message_type.GetOptions().map_entry


def request(one: List, count: int) -> bytes:
    """A request with so many members in the list."""
    assert one.method.descriptor is not None
    whole = GetMessageClass(one.method.descriptor.input_type)()
    message: Message = whole
    for field in one.path[:-1]:
        inner = getattr(message, field.name)
        message = inner.add() if field.is_repeated else inner
    held = getattr(message, one.kind.name)
    (held.update if is_map(one.kind) else held.extend)(members(one.kind, count))
    if one.method.name == "UpdateNotification" and one.path[0].name == "content":
        whole.update_mask.paths.append("payload")  # type: ignore[attr-defined]
    return whole.SerializeToString()


def most(one: List) -> int:
    """As many members as fit into the request of the method."""
    assert one.method.descriptor is not None
    kind = GetMessageClass(one.method.descriptor.input_type)
    size = request_size(pb.SendNotificationRequest if one.in_a_batch else kind, LIMITS)
    count = 1000 * size // len(request(one, 1000))
    while len(request(one, count)) > size - 16:
        count = count * 9 // 10
    return count


def token(method: Method) -> str:
    return tokens.publisher() if method.name == "BatchSendNotifications" else tokens.device()


async def failure(node: Running, one: List, count: int) -> str:
    """What such a request is refused with, by field or reason."""
    body = request(one, count)
    if one.in_a_batch:
        answer = await one.method.call(node.channel, body, bearer(token(one.method)))
        (result,) = pb.BatchSendNotificationsResponse.FromString(answer).results
        return result.error.message
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await one.method.call(node.channel, body, bearer(token(one.method)))
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    return str(raised.value.details())


class Counter:
    """How many functions were called."""

    def __init__(self) -> None:
        self.made = 0

    def note(self, frame: FrameType, event: str, arg: object) -> None:
        """See `sys.setprofile`."""
        self.made += event in ("call", "c_call")


@contextmanager
def counted() -> Iterator[Counter]:
    """Count the calls of functions that this thread makes, server and client alike."""
    counter, before = Counter(), sys.getprofile()
    sys.setprofile(counter.note)
    try:
        yield counter
    finally:
        sys.setprofile(before)


def test_each_list_has_a_limit() -> None:
    assert {one.kind.full_name for one in ALL} == set(KNOWN)


@every_list
async def test_one_more_than_its_limit_is_refused_by_name(serving: Running, one: List) -> None:
    limit, field = KNOWN[one.kind.full_name]
    said = await failure(serving, one, limit + 1)
    assert f"{field}: must have at most {limit} members" in said


@every_list
async def test_as_many_as_fit_are_refused_without_a_look_at_them(serving: Running, one: List) -> None:
    limit, field = KNOWN[one.kind.full_name]
    count = most(one)
    assert count > 10 * limit
    await failure(serving, one, limit + 1)
    with counted() as calls:
        said = await failure(serving, one, count)
    assert f"{field}: must have at most {limit} members" in said
    assert calls.made < ENOUGH


#: Lists whose bad members are named one by one.
NAMED = [one for one in ALL if one.kind.name != "requests" and not is_map(one.kind)]


@pytest.mark.parametrize("one", NAMED, ids=str)
async def test_up_to_its_limit_all_are_looked_at(serving: Running, one: List) -> None:
    """All are bad: some are named, and the others counted."""
    limit, field = KNOWN[one.kind.full_name]
    said = await failure(serving, one, limit)
    assert said.count(field) > 1
    assert said.endswith(" more") or f"{field}[{limit - 1}]" in said
