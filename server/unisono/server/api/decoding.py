"""Decodes the bytes of a request. Does not depend on any message type."""

from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from unisono.server.errors import Reason, RequestMalformed

MessageT = TypeVar("MessageT", bound=Message)


def parsed(kind: type[MessageT], body: bytes) -> MessageT:
    """Decode a request body; raises RequestMalformed when it is not a message of type `kind`."""
    try:
        return kind.FromString(body)
    except DecodeError as error:
        raise malformed(kind) from error


def malformed(kind: type[Message], why: str = "") -> RequestMalformed:
    """Return the error for a body that is not a message of type `kind`; `why` is appended to its text."""
    text = f"the request body is not a {kind.DESCRIPTOR.full_name}"
    return RequestMalformed(Reason.REQUEST_MALFORMED, f"{text}: {why}" if why else text)
