"""Turns the service's errors into gRPC statuses with details (`google.rpc.Status`)."""

from collections.abc import Iterable, Sequence
from typing import Final

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from unisono.server import errors
from unisono.server.api.convert.violations import MAX_VIOLATIONS
from unisono.server.api.text import cut, cut_encoded
from unisono.server.core.stream_messages import GoodbyeReason
from unisono.server.model.value import value
from unisono.v1.notification_service_pb2 import BatchItemError

#: Where gRPC carries a google.rpc.Status in the trailing metadata.
DETAILS_KEY = "grpc-status-details-bin"

DOMAIN = "unisono"


@value(frozen=True, slots=True, kw_only=True)
class _Room:
    """The size limits of an error.

    `message` is in bytes of its message as a `grpc-message`, `whole` in bytes of message and details as
    protobuf; `violations` is how many it names.
    """

    message: int
    whole: int
    violations: int


#: A client of grpc-core that has not raised `grpc.max_metadata_size` gets RESOURCE_EXHAUSTED in place of
#: trailers of more than 8 KiB; proxies may allow less. Details travel in base64 (gRPC over HTTP/2,
#: "Requests"), so 3,456 bytes of them take 4,608: with message, and half a KiB for the rest, that is 6 KiB.
_CALL: Final = _Room(message=1024, whole=3456, violations=MAX_VIOLATIONS)

#: A thousand of these fit into the 4 MiB that a client receives by default.
_ITEM: Final = _Room(message=1024, whole=2048, violations=5)

#: Characters of a value that may come from the caller.
_LONGEST: Final = 200

#: Bytes that a detail takes at most besides its own: the name of its type, tags and lengths.
_AROUND: Final = 64

_CODES: Sequence[tuple[type[errors.UnisonoError], grpc.StatusCode]] = (
    (errors.InvalidRequest, grpc.StatusCode.INVALID_ARGUMENT),
    (errors.RequestMalformed, grpc.StatusCode.INVALID_ARGUMENT),
    (errors.RequestTooLarge, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (errors.Unauthenticated, grpc.StatusCode.UNAUTHENTICATED),
    (errors.PermissionDenied, grpc.StatusCode.PERMISSION_DENIED),
    (errors.NotFound, grpc.StatusCode.NOT_FOUND),
    (errors.AlreadyExists, grpc.StatusCode.ALREADY_EXISTS),
    (errors.FailedPrecondition, grpc.StatusCode.FAILED_PRECONDITION),
    (errors.Aborted, grpc.StatusCode.ABORTED),
    (errors.QuotaExceeded, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (errors.RequestIncomplete, grpc.StatusCode.DEADLINE_EXCEEDED),
    (errors.Unavailable, grpc.StatusCode.UNAVAILABLE),
)


def code_of(error: errors.UnisonoError) -> grpc.StatusCode:
    """Return the gRPC code of an error: INTERNAL for a kind that has none of its own."""
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    return grpc.StatusCode.INTERNAL


def status_of(error: errors.UnisonoError) -> status_pb2.Status:
    """Return the status that ends a call: code, message and details; see proto `ErrorReason`.

    An ErrorInfo always comes first; then what belongs to the kind of error: BadRequest, QuotaFailure,
    RetryInfo. Long texts are cut, so that the trailers stay below 6 KiB whatever the error is.
    """
    code, message, details = _status_parts(error, _CALL)
    return status_pb2.Status(code=code, message=message, details=details)


def trailers(status: status_pb2.Status) -> tuple[tuple[str, str | bytes], ...]:
    """Return the trailing metadata that carries a status with its details to the client."""
    return ((DETAILS_KEY, status.SerializeToString()),)


def item_error(error: errors.UnisonoError) -> BatchItemError:
    """Return the error of one item of a batch: what `SendNotification` would have failed with.

    It is cut shorter than the status of a call, as one response may hold a thousand of them.
    """
    code, message, details = _status_parts(error, _ITEM)
    return BatchItemError(code=code, message=message, details=details)


def goodbye_error(end: GoodbyeReason, retry_delay: float | None) -> errors.UnisonoError:
    """Return the error that ends a stream after its Goodbye, with the code that proto `GoodbyeReason` gives.

    `retry_delay` is in seconds; None counts as 0.
    """
    match end:
        case GoodbyeReason.TOKEN_EXPIRED:
            text = "the access token expired; come back with a new one"
            return errors.Unauthenticated(errors.Reason.TOKEN_EXPIRED, text)
        case GoodbyeReason.SUPERSEDED:
            text = "a newer stream of the same endpoint took over"
            return errors.Aborted(errors.Reason.SUPERSEDED, text)
        case GoodbyeReason.ENDPOINT_DELETED:
            return errors.NotFound(errors.Reason.ENDPOINT_DELETED, "the endpoint was deleted")
        case _:
            reason = errors.Reason[end.name]
            text = f"the stream ended ({end.value}); come back"
            return errors.Unavailable(reason, text, retry_delay=retry_delay or 0.0)


def _status_parts(error: errors.UnisonoError, room: _Room) -> tuple[int, str, list[Any]]:
    """Return code, message and details of an error, cut to fit into `room`."""
    code: int = code_of(error).value[0]
    message = cut_encoded(error.message, room.message)
    metadata = {key: cut(value, _LONGEST) for key, value in error.metadata.items()}
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=metadata)
    left = room.whole - len(message.encode()) - info.ByteSize() - 2 * _AROUND
    return (
        code,
        message,
        [_packed(detail) for detail in (info, *_more(error, message, left, room.violations))],
    )


def _more(error: errors.UnisonoError, message: str, left: int, most: int) -> list[Message]:
    if isinstance(error, errors.InvalidRequest):
        return [_bad_request(error.violations[:most], left)]
    if isinstance(error, errors.RateLimited):
        return [_quota_failure(error, message), _retry_info(error.retry_delay)]
    if isinstance(error, errors.Unavailable):
        return [_retry_info(error.retry_delay)]
    if isinstance(error, errors.QuotaExceeded):
        return [_quota_failure(error, message)]
    return []


def _bad_request(violations: Iterable[errors.Violation], left: int) -> Message:
    """Return the first violations, as many as fit into `left` bytes."""
    bad = error_details_pb2.BadRequest()
    for violation in violations:
        bad.field_violations.add(field=violation.field, description=violation.description)
        if bad.ByteSize() > left:
            del bad.field_violations[-1]
            break
    return bad


def _retry_info(seconds: float) -> Message:
    delay = Duration()
    delay.FromMilliseconds(int(seconds * 1000))
    return error_details_pb2.RetryInfo(retry_delay=delay)


def _quota_failure(error: errors.QuotaExceeded, message: str) -> Message:
    subject = cut(error.subject, _LONGEST)
    violation = error_details_pb2.QuotaFailure.Violation(subject=subject, description=message)
    return error_details_pb2.QuotaFailure(violations=[violation])


def _packed(detail: Message) -> Any:
    packed = Any()
    packed.Pack(detail)
    return packed
