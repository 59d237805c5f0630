"""How calls over the web end: a status of gRPC, of whatever says so there."""

import binascii
import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.json_format import MessageToDict
from google.rpc import status_pb2

DETAILS: Final = "grpc-status-details-bin"

Metadata = tuple[tuple[str, str | bytes], ...]

_BY_HTTP: Final = {
    400: grpc.StatusCode.INTERNAL,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.UNIMPLEMENTED,
    429: grpc.StatusCode.UNAVAILABLE,
    502: grpc.StatusCode.UNAVAILABLE,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.UNAVAILABLE,
}

#: What Connect answers with (https://connectrpc.com/docs/protocol, "Error Codes").
HTTP_OF: Final = {
    "canceled": 499,
    "unknown": 500,
    "invalid_argument": 400,
    "deadline_exceeded": 504,
    "not_found": 404,
    "already_exists": 409,
    "permission_denied": 403,
    "resource_exhausted": 429,
    "failed_precondition": 400,
    "aborted": 409,
    "out_of_range": 400,
    "unimplemented": 501,
    "internal": 500,
    "unavailable": 503,
    "data_loss": 500,
    "unauthenticated": 401,
}

_CODES: Final = {code.name.lower(): code for code in grpc.StatusCode}
_CODES["canceled"] = _CODES.pop("cancelled")

#: Headers that are of HTTP, and no metadata.
_OF_HTTP: Final = (
    *(":status", "cache-control", "connection", "content-length", "content-type", "date", "vary"),
    *("transfer-encoding", "x-accel-buffering", "x-content-type-options"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The end of a call."""

    code: grpc.StatusCode
    message: str = ""
    metadata: Metadata = ()


class Misspoken(Exception):
    """A server does not keep to its protocol; the text says how."""


def metadata_of(headers: Mapping[str, str]) -> Metadata:
    """Return the metadata among headers; those of Connect's trailers have a prefix."""
    return tuple(
        entry(name.removeprefix("trailer-"), value)
        for name, value in headers.items()
        if name not in _OF_HTTP and not name.startswith("access-control-")
    )


def entry(name: str, value: str) -> tuple[str, str | bytes]:
    """Return an entry of metadata, of which those that end with "-bin" are bytes."""
    return name, unpacked(value) if name.endswith("-bin") else value


def unpacked(value: str) -> bytes:
    """Return the bytes of base64, padded or not. Raises `Misspoken`."""
    try:
        return b64decode(value + "=" * (-len(value) % 4), validate=True)
    except binascii.Error as error:
        raise Misspoken(f"this is no base64: {value}") from error


def of_http(status: int) -> Status:
    """Return what an answer means that is of no protocol."""
    return Status(code=_BY_HTTP.get(status, grpc.StatusCode.UNKNOWN), message=f"HTTP status {status}")


def of_connect(error: Mapping[str, Any], metadata: Metadata) -> Status:
    """Return the status of Connect's error, its details as gRPC carries them. Raises `Misspoken`."""
    code, message = _CODES[error["code"]], error.get("message", "")
    details = [_detail(detail) for detail in error.get("details", ())]
    packed = status_pb2.Status(code=code.value[0], message=message, details=details)
    carried = ((DETAILS, packed.SerializeToString()),) if details else ()
    return Status(code=code, message=message, metadata=(*metadata, *carried))


def object_of(text: bytes) -> Mapping[str, Any]:
    """Return the object of JSON. Raises `Misspoken`."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Misspoken(f"this is no JSON: {text[:200]!r}") from error
    if not isinstance(found, dict):
        raise Misspoken(f"this is no object of JSON: {text[:200]!r}")
    return found


def flattened(metadata: Mapping[str, Sequence[str]]) -> Metadata:
    """Return metadata as Connect ends streams with it: a list of values for each name."""
    return tuple(entry(name.lower(), value) for name, values in metadata.items() for value in values)


def _detail(detail: Mapping[str, Any]) -> AnyMessage:
    """Return a detail. What it says to people who look has to be what it says to programs."""
    packed = AnyMessage(type_url=f"type.googleapis.com/{detail['type']}", value=unpacked(detail["value"]))
    if "debug" in detail:
        said = {key: value for key, value in MessageToDict(packed).items() if key != "@type"}
        if detail["debug"] != said:
            raise Misspoken(f"a detail says something else to people: {detail}")
    return packed
