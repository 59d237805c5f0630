"""Reads the status details of the service's errors. Raises nothing of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import grpc
from google.protobuf.any_pb2 import Any
from google.rpc import error_details_pb2, status_pb2

_DETAILS_KEY = "grpc-status-details-bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a call failed.

    `reason` is a name of `unisono.v1.ErrorReason` without its prefix, and empty for an error that the
    service did not raise (the transport did). `violations` are the bad fields and what is wrong with
    each. `retry_delay` is in seconds; None when repeating the call does not help.
    """

    code: grpc.StatusCode
    message: str
    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: Mapping[str, str] = field(default_factory=dict)
    retry_delay: float | None = None


def explain(error: grpc.aio.AioRpcError) -> Explanation:
    """What the service says about an error of a call."""
    info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    for detail in _details(error):
        for wanted in (info, request, retry):
            if detail.TypeName() == wanted.DESCRIPTOR.full_name:
                detail.Unpack(wanted)
    delay = retry.retry_delay.ToNanoseconds() / 1e9 if retry.HasField("retry_delay") else None
    return Explanation(
        code=error.code(),
        message=error.details() or "",
        reason=info.reason,
        metadata=dict(info.metadata),
        violations={v.field: v.description for v in request.field_violations},
        retry_delay=delay,
    )


def _details(error: grpc.aio.AioRpcError) -> list[Any]:
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            return list(status_pb2.Status.FromString(value).details)
    return []
