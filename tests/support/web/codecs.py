"""What messages are on the wire: protobuf as it is, or JSON, made and read by protobuf's own library."""

from typing import Final, Protocol

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.descriptor_pool import Default
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass


class Codec(Protocol):
    """How encoded messages travel. `name` is what content types call it."""

    @property
    def name(self) -> str:
        """See above."""
        ...

    def request(self, path: str, message: bytes) -> bytes:
        """Return an encoded request of a method as it is sent."""
        ...

    def response(self, path: str, sent: bytes) -> bytes:
        """Return a response of a method, encoded, of what was sent."""
        ...


class Binary:
    """Protobuf."""

    name: Final = "proto"

    def request(self, path: str, message: bytes) -> bytes:
        """See `Codec`."""
        return message

    def response(self, path: str, sent: bytes) -> bytes:
        """See `Codec`."""
        return sent


class Json:
    """JSON. What is no message of the method is sent as it is: it is no JSON either."""

    name: Final = "json"

    def request(self, path: str, message: bytes) -> bytes:
        """See `Codec`."""
        method = described(path)
        if method is None:
            return message
        parsed = GetMessageClass(method.input_type)()
        try:
            parsed.ParseFromString(message)
        except DecodeError:
            return message
        return json_format.MessageToJson(parsed, indent=None).encode()

    def response(self, path: str, sent: bytes) -> bytes:
        """See `Codec`. Raises `ValueError` for what is no JSON of such a message."""
        method = described(path)
        if method is None:
            raise ValueError(f"{path} is not known, and was answered")
        return _message(method.output_type, sent)


def described(path: str) -> MethodDescriptor | None:
    """Return the description of a method, None where there is none."""
    service, _, name = path.strip("/").partition("/")
    try:
        return Default().FindMethodByName(f"{service}.{name}")
    except KeyError:
        return None


def _message(kind: Descriptor, sent: bytes) -> bytes:
    parsed = GetMessageClass(kind)()
    try:
        json_format.Parse(sent, parsed)
    except json_format.ParseError as error:
        raise ValueError(str(error)) from error
    return parsed.SerializeToString()
