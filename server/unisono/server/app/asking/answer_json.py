"""An answer of a server as JSON for programs."""

from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp


def to_json(message: Message) -> dict[str, Any]:
    """Return a message as an object with the names of its fields.

    Numbers are numbers, times are as in RFC 3339, values of enums are their names, and what is not there is
    None.
    """
    return {field.name: _of(message, field.name) for field in message.DESCRIPTOR.fields}


def _of(message: Message, name: str) -> Any:
    field, value = message.DESCRIPTOR.fields_by_name[name], getattr(message, name)
    known = () if field.enum_type is None else field.enum_type.values
    names = {one.number: one.name for one in known}

    def converted(one: Any) -> Any:
        if isinstance(one, Timestamp):
            return one.ToJsonString()
        if isinstance(one, Message):
            return to_json(one)
        return names.get(one, one) if names else one

    if field.is_repeated:
        return [converted(one) for one in value]
    return converted(value) if not field.has_presence or message.HasField(name) else None
