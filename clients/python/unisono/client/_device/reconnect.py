"""Decides how a device comes back after a stream, if at all (docs/devices.md, *When a stream ends*)."""

from dataclasses import dataclass

import grpc

from unisono.client._errors import (
    EndpointDeleted,
    FeedBarred,
    FeedDeleted,
    ResumeTokenInvalid,
    Superseded,
    Unauthenticated,
    Unavailable,
    UnisonoError,
)
from unisono.client._status import delay_of
from unisono.client._wire.retry import is_closed, is_refusal
from unisono.v1 import feed_service_pb2 as pb


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconnect:
    """Open a stream again: after `delay` seconds, or after a backoff where that is None.

    `refused`: the backoff is that for refusals. `new_token`: with another token. `reset_position`: without
    the position.
    """

    cause: UnisonoError
    delay: float | None = None
    refused: bool = False
    new_token: bool = False
    reset_position: bool = False


def plan_reconnect(goodbye: pb.Goodbye | None, error: UnisonoError | None, *, renewable: bool) -> Reconnect:
    """Return how to go on after a stream that ended with this Goodbye, if any, and this error, if any.

    `renewable`: whether there may be another token. Raises the error that ends the device for good.
    """
    cause = _cause(goodbye, error)
    if _is_final(cause, renewable=renewable):
        raise cause
    return Reconnect(
        cause=cause,
        delay=cause.retry_delay if goodbye else None,
        refused=is_refusal(cause) or (goodbye is not None and not isinstance(cause, Unavailable)),
        new_token=renewable and isinstance(cause, Unauthenticated),
        reset_position=isinstance(cause, ResumeTokenInvalid),
    )


def _is_final(cause: UnisonoError, *, renewable: bool) -> bool:
    """Return whether no device may come back by itself after this, or none can."""
    if isinstance(cause, Superseded | EndpointDeleted | FeedBarred):
        return True
    if cause.reason == "TOKEN_EXPIRED":
        return not renewable
    # The transport was closed by whoever made it, and opens no streams any more.
    return is_closed(cause)


def _cause(goodbye: pb.Goodbye | None, error: UnisonoError | None) -> UnisonoError:
    """Return why the stream ended; a Goodbye counts more than how the stream broke after it."""
    if goodbye is None:
        return error or Unavailable("the server ended the stream without a word")
    if goodbye.reason == pb.GOODBYE_REASON_TOKEN_EXPIRED:
        return Unauthenticated("the access token has expired, or is about to", reason="TOKEN_EXPIRED")
    if goodbye.reason == pb.GOODBYE_REASON_SUPERSEDED:
        return Superseded("another stream of this endpoint took over", reason="SUPERSEDED")
    if goodbye.reason == pb.GOODBYE_REASON_ENDPOINT_DELETED:
        return EndpointDeleted("this endpoint was deleted", reason="ENDPOINT_DELETED")
    delay = delay_of(goodbye.retry_delay) if goodbye.HasField("retry_delay") else None
    if goodbye.reason == pb.GOODBYE_REASON_FEED_DELETED:
        text = "the user was deleted, and what the device held is discarded"
        return FeedDeleted(text, reason="FEED_DELETED", retry_delay=delay)
    known = goodbye.reason in pb.GoodbyeReason.values() and goodbye.reason
    name = pb.GoodbyeReason.Name(goodbye.reason).removeprefix("GOODBYE_REASON_") if known else ""
    text = f"the server ended the stream: {name or goodbye.reason}"
    if known or delay is not None:
        return Unavailable(text, reason=name, retry_delay=delay)
    # A reason of newer servers: the status may say more, and nobody is asked to come back soon.
    return error if error is not None and error.reason else UnisonoError(text, code=grpc.StatusCode.ABORTED)
