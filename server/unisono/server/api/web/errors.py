"""Errors as Connect spells them: an object of JSON (its specification, "Error Codes" and "Error Details")."""

import math
from base64 import b64encode
from collections.abc import Iterable
from typing import Any, Final

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor_pool import Default
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from unisono.server.api.http.exchange import Header
from unisono.server.api.rpc.call import Trailing
from unisono.server.api.status import DETAILS_KEY
from unisono.server.api.web.codes import CODES

_TYPE_PREFIX: Final = "type.googleapis.com/"

_CHALLENGE: Final[Header] = (b"www-authenticate", b"Bearer")
"""What an answer of 401 has to say (RFC 9110, section 15.5.2)."""


def error_object(code: grpc.StatusCode, message: str, trailing: Trailing) -> dict[str, Any]:
    """Return the error of a call; its details are in the trailing metadata."""
    error: dict[str, Any] = {"code": CODES[code].name}
    if message:
        error["message"] = message
    if details := [_detail(one) for one in _status(trailing).details]:
        error["details"] = details
    return error


def error_headers(code: grpc.StatusCode, trailing: Trailing) -> tuple[Header, ...]:
    """Return what HTTP says of an error besides its status: when to come back, or what to show."""
    if code is grpc.StatusCode.UNAUTHENTICATED:
        return (_CHALLENGE,)
    delay = RetryInfo()
    for detail in _status(trailing).details:
        if detail.Unpack(delay):
            return ((b"retry-after", b"%d" % math.ceil(delay.retry_delay.ToMilliseconds() / 1000)),)
    return ()


def without_details(trailing: Trailing) -> Iterable[tuple[str, str | bytes]]:
    """Return the trailing metadata without what the error has of it already."""
    return ((key, value) for key, value in trailing if key != DETAILS_KEY)


def _status(trailing: Trailing) -> Status:
    for key, value in trailing:
        if key == DETAILS_KEY and isinstance(value, bytes):
            try:
                return Status.FromString(value)
            except DecodeError:
                break
    return Status()


def _detail(detail: Any) -> dict[str, Any]:
    """Return a detail: its type, its bytes, and for people who look, what they say."""
    name = detail.type_url.removeprefix(_TYPE_PREFIX)
    packed = {"type": name, "value": b64encode(detail.value).rstrip(b"=").decode()}
    try:
        Default().FindMessageTypeByName(name)
        told = json_format.MessageToDict(detail)
    except (KeyError, TypeError, DecodeError):
        return packed
    told.pop("@type", None)
    return {**packed, "debug": told}
