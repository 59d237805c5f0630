"""Decodes the bytes of a request. Knows no single message."""

from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from unisono.server.errors import Reason, RequestMalformed

MessageT = TypeVar("MessageT", bound=Message)


def parsed(kind: type[MessageT], body: bytes) -> MessageT:
    """The message that a body is; raises RequestMalformed."""
    try:
        return kind.FromString(body)
    except DecodeError as error:
        raise malformed(kind) from error


def malformed(kind: type[Message], why: str = "") -> RequestMalformed:
    """The error for a body that is not a message of this type."""
    text = f"the request body is not a {kind.DESCRIPTOR.full_name}"
    return RequestMalformed(Reason.REQUEST_MALFORMED, f"{text}: {why}" if why else text)
