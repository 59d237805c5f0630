"""The RPCs of `FeedService`."""

from collections.abc import Awaitable, Mapping
from typing import Any

from google.protobuf.duration_pb2 import Duration

from unisono.server.api.audit import Effect
from unisono.server.api.call_log import CallRecord
from unisono.server.api.convert import fields
from unisono.server.api.convert.stream_request import stream_request
from unisono.server.api.convert.subscribe_response import encode_response
from unisono.server.api.convert.violations import Violations
from unisono.server.api.pipeline import DEVICE, PUBLISHER, Streaming, Unary, Write
from unisono.server.api.request_context import RequestContext
from unisono.server.api.status import goodbye_error
from unisono.server.core.access.principal import Scope
from unisono.server.core.admission import CallKind
from unisono.server.core.eraser import Eraser
from unisono.server.core.feeds import Feeds, StreamRequest
from unisono.server.core.session import EncodeMessage, Session
from unisono.server.core.stream_messages import StreamMessage
from unisono.server.errors import UnisonoError
from unisono.server.model.limits import BAR_MAX
from unisono.v1 import feed_service_pb2 as pb


class FeedService:
    """Handles the RPCs of `FeedService` (proto/unisono/v1/feed_service.proto).

    Each method raises InvalidRequest with all bad fields of its request, PermissionDenied when a device names
    another user, and Unavailable when the store cannot be used.
    """

    name = "unisono.v1.FeedService"

    def __init__(self, feeds: Feeds, eraser: Eraser) -> None:
        self._feeds = feeds
        self._eraser = eraser

    @property
    def methods(self) -> Mapping[str, Unary[Any] | Streaming[Any]]:
        """The methods of the service by RPC name."""
        return {
            "Subscribe": Streaming(pb.SubscribeRequest, self.subscribe),
            "Acknowledge": Unary(pb.AcknowledgeRequest, self.acknowledge, DEVICE, CallKind.ACKNOWLEDGE),
            "GetFeed": Unary(pb.GetFeedRequest, self.get_feed),
            "DeleteFeed": Unary(pb.DeleteFeedRequest, self.delete_feed, PUBLISHER, effect=Effect.WRITE),
        }

    def subscribe(
        self, request_context: RequestContext, request: pb.SubscribeRequest, write: Write
    ) -> Awaitable[UnisonoError]:
        """Subscribe: holds a stream open that brings a device every change of its feed.

        The request is validated before this returns, so that it is not kept for as long as the stream.
        Awaiting the result writes the messages from Welcome to Goodbye with `write`, and returns the error
        that ends the stream. That raises what refuses it: InvalidRequest for a token of another feed,
        FailedPrecondition for a deleted endpoint or another platform, QuotaExceeded, and Unavailable. When it
        is cancelled, the endpoint stops counting as connected.
        """
        encode = _encode(request_context.record)
        return self._stream(stream_request(request_context, request), encode, write)

    async def _stream(self, wanted: StreamRequest, encode: EncodeMessage, write: Write) -> UnisonoError:
        with self._feeds.subscribe(wanted) as subscriber:
            session = await self._feeds.open_stream(wanted, subscriber)
            del wanted
            return goodbye_error(*await session.run(encode, write))

    async def acknowledge(
        self, request_context: RequestContext, request: pb.AcknowledgeRequest
    ) -> pb.AcknowledgeResponse:
        """Acknowledge: records up to where a device has everything, and answers the largest such revision.

        Written with a delay of seconds, so not Durable. Raises NotFound for an unknown endpoint, and
        FailedPrecondition for a deleted one.
        """
        violations = Violations()
        actor = request_context.writing_actor(violations, request.user_id, request.endpoint_id)
        if not request.resume_token:
            violations.add("resume_token", "is required")
        violations.check()
        revision = await self._feeds.acknowledge(actor.feed, actor.endpoint_id, request.resume_token)
        return pb.AcknowledgeResponse(acknowledged_revision=revision)

    async def get_feed(
        self, request_context: RequestContext, request: pb.GetFeedRequest
    ) -> pb.GetFeedResponse:
        """GetFeed: answers the last revision and the unread count (Exact) of a feed.

        Both are 0 for an unknown user. With an endpoint, the count is of what is meant for it. Raises
        NotFound when that is not registered, and FailedPrecondition when it was deleted.
        """
        violations = Violations()
        actor = request_context.reading_actor(violations, request.user_id, request.endpoint_id)
        violations.check()
        state = await self._feeds.state(actor.feed, actor.endpoint_id)
        return pb.GetFeedResponse(last_revision=state.last_revision, unread_count=state.unread_count)

    async def delete_feed(
        self, request_context: RequestContext, request: pb.DeleteFeedRequest
    ) -> pb.DeleteFeedResponse:
        """DeleteFeed: forgets a user, and answers whether there was nothing, once nothing is on the disk.

        Raises PermissionDenied without the scope `feeds.delete`, QuotaExceeded where the app bars as many
        users as it may, and Unavailable where erasing takes long: then it goes on without the caller, as it
        does when the call is cancelled.
        """
        request_context.principal.require(Scope.DELETE_FEEDS)
        violations = Violations()
        feed = request_context.deletable_feed(violations, request.user_id)
        until: int | None = None
        if request.bar_for != Duration():
            until = request_context.now + fields.duration(violations, "bar_for", request.bar_for, BAR_MAX)
        violations.check()
        found = await self._eraser.delete(feed, barred_until=until)
        return pb.DeleteFeedResponse(already_removed=not found)


def _encode(record: CallRecord | None) -> EncodeMessage:
    """Return what encodes the messages of a stream, and counts its events where its record is kept."""
    if record is None:
        return encode_response
    record.events = 0

    def counted(message: StreamMessage, session: Session) -> bytes:
        record.events = (record.events or 0) + len(message.events)
        return encode_response(message, session)

    return counted
