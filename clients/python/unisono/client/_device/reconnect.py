"""Decides when and how a device reconnects after a stream, if at all (docs/devices.md, rule 7)."""

from dataclasses import dataclass
from typing import Final

import grpc

from unisono.client._errors import (
    EndpointDeleted,
    FeedDeleted,
    QuotaExceeded,
    ResumeTokenInvalid,
    StorageFailed,
    Superseded,
    Unauthenticated,
    Unavailable,
    UnisonoError,
)
from unisono.client._status import delay_of
from unisono.client._wire.retry import is_transient
from unisono.v1 import feed_service_pb2 as pb

#: A provider whose tokens are refused so often in a row has no good one.
MAX_REFUSALS: Final = 5

#: Codes with which proxies and transports report a lost stream, besides UNAVAILABLE.
LOST: Final = {
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.DEADLINE_EXCEEDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconnect:
    """Open a stream again: after `delay` seconds, or after a backoff where that is None.

    `new_token`: with another token. `reset_position`: without the position.
    """

    cause: UnisonoError
    delay: float | None = None
    new_token: bool = False
    reset_position: bool = False


def plan_reconnect(goodbye: pb.Goodbye | None, error: UnisonoError | None, *, renewable: bool) -> Reconnect:
    """Return how to go on after a stream that ended with this Goodbye, if any, and this error, if any.

    `renewable`: whether there may be another token. Raises the error that ends the device for good.
    """
    cause = _cause(goodbye, error)
    if isinstance(cause, Unauthenticated):
        if not renewable:
            raise cause
        return Reconnect(cause=cause, delay=0.0 if goodbye else None, new_token=True)
    if isinstance(cause, ResumeTokenInvalid):
        return Reconnect(cause=cause, reset_position=True)
    if _may_pass(cause):
        return Reconnect(cause=cause, delay=cause.retry_delay if goodbye else None)
    raise cause


def _cause(goodbye: pb.Goodbye | None, error: UnisonoError | None) -> UnisonoError:
    """Return why the stream ended; a Goodbye counts more than how the stream broke after it."""
    if goodbye is None:
        return error or Unavailable("the server ended the stream without a word")
    if goodbye.reason == pb.GOODBYE_REASON_TOKEN_EXPIRED:
        return Unauthenticated("the access token has expired", reason="TOKEN_EXPIRED")
    if goodbye.reason == pb.GOODBYE_REASON_SUPERSEDED:
        return Superseded("another stream of this endpoint took over", reason="SUPERSEDED")
    if goodbye.reason == pb.GOODBYE_REASON_ENDPOINT_DELETED:
        return EndpointDeleted("this endpoint was deleted", reason="ENDPOINT_DELETED")
    name = pb.GoodbyeReason.Name(goodbye.reason) if goodbye.reason in pb.GoodbyeReason.values() else ""
    if not goodbye.HasField("retry_delay"):
        # However the stream broke after that, the server wants nobody back.
        if error is not None and not _may_pass(error):
            return error
        message = f"the server ended the stream for good: {name or goodbye.reason}"
        return UnisonoError(message, code=grpc.StatusCode.ABORTED)
    if goodbye.reason == pb.GOODBYE_REASON_FEED_DELETED:
        text = "the user was deleted, and what the device held is discarded"
        return FeedDeleted(text, reason="FEED_DELETED", retry_delay=delay_of(goodbye.retry_delay))
    return Unavailable(
        f"the server ended the stream: {name.removeprefix('GOODBYE_REASON_')}",
        reason=name.removeprefix("GOODBYE_REASON_"),
        retry_delay=delay_of(goodbye.retry_delay),
    )


def _may_pass(error: UnisonoError) -> bool:
    if isinstance(error, StorageFailed):  # it says nothing about the stream
        return False
    return isinstance(error, QuotaExceeded) or is_transient(error) or error.code in LOST
