"""Requests of any type with random values, good and bad, few enough that they meet again."""

from datetime import datetime
from random import Random
from typing import Any, TypeVar

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp

RequestT = TypeVar("RequestT", bound=Message)

#: How often a field is set that a good request needs, and any other.
OFTEN, SELDOM = 0.9, 0.25
NEEDED = {
    "user_id",
    "endpoint_id",
    "payload",
    "visual_content",
    "title",
    "platform",
    "id",
    "requests",
    "refs",
}
TEXTS = ("", "ada", "laptop", "x", "x" * 257, "a\nb", "\0")
NUMBERS = (0, 1, 2, 3, 4, 5, 7, -1)
#: What a link, a picture or data may be, and may not.
LINKS = (
    "https://unisono.test/x",
    "HTTPS://[::1]:1",
    "mailto:ada",
    "javascript:x",
    "https://",
    "a b:c",
    "x" * 2049,
)
PATHS = (
    "payload",
    "group_name",
    "category",
    "priority",
    "expire_time",
    "display_name",
    "title",
    "display_time_to_live",
)


def random_request(random: Random, kind: type[RequestT], now: datetime) -> RequestT:
    """A request; `now` is the service's time."""
    return kind(**_fields(random, kind, now))


def _fields(random: Random, kind: type[Message], now: datetime) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    choices: set[str] = set()
    for field in kind.DESCRIPTOR.fields:
        choice = field.containing_oneof and field.containing_oneof.name
        if random.random() > (OFTEN if field.name in NEEDED else SELDOM) or choice in choices:
            continue
        choices |= {choice} if choice else set()
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            fields[field.name] = _data(random)
            continue
        many = random.choice((1, 1, 2)) if field.is_repeated else 0
        values = [_value(random, field, now) for _ in range(many or 1)]
        fields[field.name] = values if many else values[0]
    return fields


def _data(random: Random) -> dict[str, str]:
    count = random.choice((1, 2, 32, 33))
    return {
        random.choice((f"{number}", f"{number}", *TEXTS)): random.choice(TEXTS) for number in range(count)
    }


def _value(random: Random, field: Any, now: datetime) -> Any:
    if field.message_type is not None:
        return _message(random, field.message_type, now)
    if field.name == "paths":
        return random.choice(PATHS)
    if field.name in ("link", "icon_url", "image_url"):
        return random.choice(LINKS)
    if field.type == FieldDescriptor.TYPE_STRING:
        # Mostly good: a request with many bad fields tells little of each.
        good = "ada" if field.name == "user_id" else "laptop"
        return good if random.random() < 0.85 else random.choice(TEXTS)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return random.choice((b"", b"x", b"x" * 32_769))
    if field.type == FieldDescriptor.TYPE_BOOL:
        return random.random() < 0.5
    if field.type == FieldDescriptor.TYPE_INT64:
        return random.choice((1, 2, -1, 2**53))
    return random.choice((1, 2, 3, random.choice(NUMBERS)))


def _message(random: Random, descriptor: Descriptor, now: datetime) -> Message:
    kind: type[Message] = GetMessageClass(descriptor)
    if kind.DESCRIPTOR.full_name == Timestamp.DESCRIPTOR.full_name:
        return random.choice((Timestamp(seconds=int(now.timestamp()) + 60), Timestamp(), Timestamp(nanos=-1)))
    if kind.DESCRIPTOR.full_name == Duration.DESCRIPTOR.full_name:
        return random.choice((Duration(seconds=60), Duration(), Duration(seconds=3_000_000)))
    return kind(**_fields(random, kind, now))
