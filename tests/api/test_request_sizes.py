"""The largest request of each method: what its fields take at their limits, with some room, and no more."""

from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.support.methods import Method, methods
from unisono.server.api.sizes import request_size
from unisono.server.model import Limits
from unisono.server.model.limits import (
    ACTION_BYTES,
    ACTIONS,
    DATA_ENTRIES,
    MASK_PATHS,
    TARGET_PLATFORMS,
)

KIB = 1024
MIB = 1024 * KIB
OURS = [method for method in methods() if method.descriptor]
ONE_BY_ONE = [method for method in OURS if method.name != "BatchSendNotifications"]

LARGE = Limits(
    id_bytes=KIB,
    title_bytes=MIB,
    body_bytes=MIB,
    raw_content_bytes=MIB,
    link_bytes=64 * KIB,
    data_bytes=MIB,
    request_bytes=64 * MIB,
    mark_references=10_000,
    target_endpoints=1000,
)


def longest(kind: FieldDescriptor, limits: Limits) -> Any:
    """A value of a field that takes as much as the limits allow; a number takes ten bytes."""
    by_name = {
        "title": limits.title_bytes,
        "body": limits.body_bytes,
        "raw_content": limits.raw_content_bytes,
        "paths": 24,
        "link": limits.link_bytes,
        "icon_url": limits.link_bytes,
        "image_url": limits.link_bytes,
        "action_id": ACTION_BYTES,
        "label": ACTION_BYTES,
    }
    length = by_name.get(kind.name, limits.id_bytes)
    match kind.type:
        case FieldDescriptor.TYPE_STRING:
            return "x" * length
        case FieldDescriptor.TYPE_BYTES:
            return b"x" * length
        case FieldDescriptor.TYPE_MESSAGE if kind.message_type:
            return largest(kind.message_type, limits)
        case FieldDescriptor.TYPE_BOOL:
            return True
        case _:
            return -(2**31)


def most_data(limits: Limits) -> dict[str, str]:
    """As many entries as there may be, with keys of three bytes, and as much in them."""
    each = limits.data_bytes // DATA_ENTRIES - 3
    return {f"{number:03}": "x" * each for number in range(DATA_ENTRIES)}


def largest(kind: Descriptor, limits: Limits) -> Message:
    """A request with every field, each as large as it may be."""
    counts = {
        "refs": limits.mark_references,
        "endpoint_ids": limits.target_endpoints,
        "platforms": TARGET_PLATFORMS,
        "paths": MASK_PATHS,
        "actions": ACTIONS,
    }
    message = GetMessageClass(kind)()
    for field in reversed(kind.fields):
        if field.name == "data":
            message.data.update(most_data(limits))  # type: ignore[attr-defined]
        elif field.is_repeated:
            value = [longest(field, limits)] * counts[field.name]
            getattr(message, field.name).extend(value)
        elif field.message_type:
            getattr(message, field.name).CopyFrom(longest(field, limits))
        else:
            setattr(message, field.name, longest(field, limits))
    return message


@pytest.mark.parametrize("limits", [Limits(), LARGE], ids=["default", "large"])
@pytest.mark.parametrize("method", ONE_BY_ONE, ids=lambda method: method.name)
def test_the_largest_fields_fit_with_room(method: Method, limits: Limits) -> None:
    """Half as much again, so that a field which is somewhat too long is refused by its name."""
    assert method.descriptor is not None
    request = largest(method.descriptor.input_type, limits)
    size = request_size(type(request), limits)
    assert request.ByteSize() * 1.4 < size <= limits.request_bytes
    assert size <= max(64 * KIB, request.ByteSize() * 2 + 256 * KIB)


def test_no_request_is_larger_than_an_operator_says() -> None:
    small = Limits(
        title_bytes=KIB, body_bytes=KIB, raw_content_bytes=KIB, link_bytes=KIB, request_bytes=4 * KIB
    )
    for method in OURS:
        assert method.descriptor is not None
        assert request_size(GetMessageClass(method.descriptor.input_type), small) == 4 * KIB
