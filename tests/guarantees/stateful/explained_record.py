"""What a recorded history says of one life of a feed, to hold explanations against: none of it is one.

The versions are the judge's, who puts them together from all that callers and devices were told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from unisono.v1 import admin_service_pb2 as pb
from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.verify.feeds import Feed, FeedKey, feeds_of
from unisono.verify.history import Call, History
from unisono.verify.sends import Sent, sends_of

SERVICE: Final = pb.Changer(service=True)


@dataclass(kw_only=True)
class LifeRecord:
    """One life of a user's feed: the part of the history since it began, and who made its revisions.

    `by_call` has those that were made while a call was: what is not in it the service made by itself.
    """

    feed: FeedKey
    history: History
    first_call: int = 0
    first_stream: int = 0
    by_call: dict[int, pb.Changer] = field(default_factory=dict)

    def begin_anew(self) -> None:
        """Forget what was, since the user was deleted."""
        self.first_call, self.first_stream = len(self.history.calls), len(self.history.streams)
        self.by_call.clear()

    def versions(self) -> Feed:
        """Return what all clients were told of the notifications."""
        return feeds_of(self._life)[self.feed]

    def sends(self) -> Mapping[str, Sent]:
        """Return for each notification the send that created it."""
        first: dict[str, Sent] = {}
        for sent in sends_of(self._life):
            known = first.get(sent.result.id)
            if sent.user_id == self.feed.user_id and (
                known is None or sent.result.revision < known.result.revision
            ):
                first[sent.result.id] = sent
        return first

    def removals(self) -> Mapping[str, int]:
        """Return why notifications were removed of which a stream told."""
        return {
            event.notification_id: event.change_type
            for stream in self._life.streams
            if stream.principal.user_id == self.feed.user_id
            for received in stream.messages
            for event in received.message.event_batch.events
            if event.removed
        }

    def acknowledged(self, endpoint_id: str) -> int:
        """Return the largest revision that an endpoint was told it has acknowledged."""
        return max(
            (
                call.answer.acknowledged_revision
                for call in self._calls()
                if isinstance(call.answer, feed_pb.AcknowledgeResponse)
                and isinstance(call.request, feed_pb.AcknowledgeRequest)
                and call.request.endpoint_id == endpoint_id
            ),
            default=0,
        )

    def deleted_endpoints(self) -> set[str]:
        """Return the endpoints that were deleted, also those that were registered anew since."""
        return {
            call.request.endpoint_id
            for call in self._calls()
            if isinstance(call.request, endpoint_pb.DeleteEndpointRequest)
        }

    @property
    def _life(self) -> History:
        calls, streams = self.history.calls[self.first_call :], self.history.streams[self.first_stream :]
        return History(calls=calls, streams=streams)

    def _calls(self) -> Iterator[Call]:
        """Yield the calls about the feed that were answered OK."""
        for call in self._life.calls:
            user_id = call.principal.user_id or getattr(call.request, "user_id", "")
            if call.good and (call.principal.app_id, user_id) == self.feed:
                yield call
