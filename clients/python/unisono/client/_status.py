"""Makes the exceptions of the SDK from gRPC status codes and details."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from unisono.client._errors import (
    DeadlineExceeded,
    EndpointDeleted,
    FailedPrecondition,
    FeedBarred,
    FeedDeleted,
    InternalError,
    InvalidRequest,
    KeyConflict,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    PlatformFixed,
    QuotaExceeded,
    RateLimited,
    RequestIncomplete,
    ResumeTokenInvalid,
    RevisionMismatch,
    RevisionOutOfRange,
    ServerTooOld,
    Superseded,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnisonoError,
)
from unisono.client._tls import tls_failure

_DETAILS_KEY: Final = "grpc-status-details-bin"

#: The domain of the reasons of the service, as the proto says: what a proxy means by its own is not known.
_DOMAIN: Final = "unisono"

#: The longest that a server may ask anybody to wait, in seconds.
_LONGEST_DELAY: Final = 3600.0

_BY_REASON: Final[Mapping[str, type[UnisonoError]]] = {
    "TOKEN_MISSING": Unauthenticated,
    "TOKEN_INVALID": Unauthenticated,
    "TOKEN_EXPIRED": Unauthenticated,
    "REQUEST_TOO_LARGE": TooLarge,
    "RESUME_TOKEN_INVALID": ResumeTokenInvalid,
    "ENDPOINT_DELETED": EndpointDeleted,
    "PLATFORM_FIXED": PlatformFixed,
    "FEED_BARRED": FeedBarred,
    "FEED_DELETED": FeedDeleted,
    "REVISION_OUT_OF_RANGE": RevisionOutOfRange,
    "OUTCOME_UNKNOWN": OutcomeUnknown,
    "RATE_LIMITED": RateLimited,
    "REQUEST_INCOMPLETE": RequestIncomplete,
    "SUPERSEDED": Superseded,
}

_BY_CODE: Final[Mapping[grpc.StatusCode, type[UnisonoError]]] = {
    kind.default_code: kind
    for kind in (
        InvalidRequest,
        Unauthenticated,
        PermissionDenied,
        NotFound,
        KeyConflict,
        RevisionMismatch,
        FailedPrecondition,
        QuotaExceeded,
        Unavailable,
        ServerTooOld,
        DeadlineExceeded,
        InternalError,
    )
}

#: What gRPC says of an answer that is no gRPC: of a login page, or of a proxy that speaks for the server. It
#: makes codes of some of HTTP's (https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md).
_HTTP_STATUS: Final = "Received http2 header with status: "
_NO_GRPC: Final = ("Stream removed", "No status received")

_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}


def from_rpc_error(error: grpc.RpcError) -> UnisonoError:
    """Return the exception for an error of a call that was made through the stubs, blocking or `grpc.aio`.

    Its class follows from the reason in the status details, and from the code where there are none; then
    `reason` is empty, and `metadata` and `violations` are too. A CANCELLED, a connection that broke under
    TLS, and an answer that is no gRPC are `Unavailable`; a connection that TLS forbids is `TlsFailed`; a
    message larger than gRPC takes is `TooLarge`. An error without a status (not a `grpc.Call`) is a plain
    `UnisonoError` with the code UNKNOWN; damaged details, and those of another domain, count as none. The
    exception is returned, not raised.
    """
    message = _message(error)
    return tls_failure(message) or error_of(_code(error), message, _details(error))


def error_of(code: grpc.StatusCode, message: str, details: Iterable[Any]) -> UnisonoError:
    """Return the exception for a status: its code, its message, and its `google.rpc.Status` details."""
    info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    for detail in details:
        for wanted in (info, request, retry):
            if detail.TypeName() == wanted.DESCRIPTOR.full_name:
                # A proxy may have damaged it: then the code says what there is to say.
                with contextlib.suppress(DecodeError):
                    detail.Unpack(wanted)
    if info.domain != _DOMAIN:
        info.Clear()
    delay = delay_of(retry.retry_delay) if retry.HasField("retry_delay") else None
    return _kind(code, info.reason, message)(
        _explained(message) if not info.reason else message,
        code=code,
        reason=info.reason,
        metadata=info.metadata,
        violations={v.field: v.description for v in request.field_violations},
        retry_delay=delay,
    )


def delay_of(asked: Duration) -> float:
    """Return the seconds that the service asks to wait, from 0 to 3,600 whatever it asks for."""
    return min(max(0.0, asked.ToNanoseconds() / 1e9), _LONGEST_DELAY)


def code_of(number: int) -> grpc.StatusCode:
    """Return the gRPC code of a number; UNKNOWN for one that gRPC does not define."""
    return _CODES.get(number, grpc.StatusCode.UNKNOWN)


def _kind(code: grpc.StatusCode, reason: str, message: str) -> type[UnisonoError]:
    if reason in _BY_REASON:
        return _BY_REASON[reason]
    # A CANCELLED that the caller did not ask for is how an overrun or stopping server turns calls away.
    if code is grpc.StatusCode.CANCELLED:
        return Unavailable
    # So does a connection that breaks under TLS, as by a bit that turned.
    if not reason and _is_no_grpc(message):
        return Unavailable
    # A request far beyond the limit does not get to the service: gRPC says so, in its message only.
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and not reason and "larger than max" in message:
        return TooLarge
    return _BY_CODE.get(code, UnisonoError)


def _is_no_grpc(message: str) -> bool:
    return message.startswith((_HTTP_STATUS, *_NO_GRPC))


def _explained(message: str) -> str:
    """Return the message of gRPC, or what it means where that says who answered."""
    if not _is_no_grpc(message):
        return message
    status = f"HTTP {message.removeprefix(_HTTP_STATUS)}" if message.startswith(_HTTP_STATUS) else message
    return f"something between here and the server answered, or cut the connection: {status}"


def _code(error: grpc.RpcError) -> grpc.StatusCode:
    code = error.code() if isinstance(error, grpc.Call | grpc.aio.AioRpcError) else None
    return code or grpc.StatusCode.UNKNOWN


def _message(error: grpc.RpcError) -> str:
    return (error.details() if isinstance(error, grpc.Call | grpc.aio.AioRpcError) else "") or ""


def _details(error: grpc.RpcError) -> Sequence[Any]:
    if not isinstance(error, grpc.Call | grpc.aio.AioRpcError):
        return ()
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            with contextlib.suppress(DecodeError):
                return list(status_pb2.Status.FromString(value).details)
    return ()
