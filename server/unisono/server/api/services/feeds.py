"""FeedService."""

from collections.abc import Awaitable, Mapping
from typing import Any

from unisono.server.api.convert.stream_request import stream_request
from unisono.server.api.convert.subscribe_response import encode_response
from unisono.server.api.convert.violations import Violations
from unisono.server.api.pipeline import DEVICE, Streaming, Unary, Write
from unisono.server.api.request_context import RequestContext
from unisono.server.api.status import goodbye_error
from unisono.server.core.admission import CallKind
from unisono.server.core.feeds import Feeds, StreamRequest
from unisono.server.errors import UnisonoError
from unisono.v1 import feed_service_pb2 as pb


class FeedService:
    """Its methods, by name."""

    name = "unisono.v1.FeedService"

    def __init__(self, feeds: Feeds) -> None:
        self._feeds = feeds

    @property
    def methods(self) -> Mapping[str, Unary[Any] | Streaming[Any]]:
        """The handlers of the service."""
        return {
            "Subscribe": Streaming(pb.SubscribeRequest, self.subscribe),
            "Acknowledge": Unary(pb.AcknowledgeRequest, self.acknowledge, DEVICE, CallKind.ACKNOWLEDGE),
            "GetFeed": Unary(pb.GetFeedRequest, self.get_feed),
        }

    def subscribe(
        self, request_context: RequestContext, request: pb.SubscribeRequest, write: Write
    ) -> Awaitable[UnisonoError]:
        """Subscribe. Reads the request at once, so that it is not kept for as long as the stream."""
        return self._stream(stream_request(request_context, request), write)

    async def _stream(self, wanted: StreamRequest, write: Write) -> UnisonoError:
        with self._feeds.subscribe(wanted) as subscriber:
            session = await self._feeds.open_stream(wanted, subscriber)
            del wanted
            return goodbye_error(*await session.run(encode_response, write))

    async def acknowledge(
        self, request_context: RequestContext, request: pb.AcknowledgeRequest
    ) -> pb.AcknowledgeResponse:
        """Acknowledge."""
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
        """GetFeed."""
        violations = Violations()
        actor = request_context.reading_actor(violations, request.user_id, request.endpoint_id)
        violations.check()
        state = await self._feeds.state(actor.feed, actor.endpoint_id)
        return pb.GetFeedResponse(last_revision=state.last_revision, unread_count=state.unread_count)
