"""Makes the streams that the service would send to one device of a random feed, by the service's own code."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from tests.guarantees.random_feed import FEED, RandomFeed
from unisono.client import NotFound, UnisonoError
from unisono.server.api.convert import messages, subscribe_response
from unisono.server.core.position import Position, catch_up_event
from unisono.server.core.resume_token import Seal
from unisono.server.model import Audience, Feed, Notification
from unisono.server.model.target import target_of_key
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

PLENTY = 10**9


class StreamModel:
    """The streams of one endpoint of a random feed."""

    def __init__(self, world: RandomFeed, audience: Audience) -> None:
        self._world = world
        self._audience = audience
        #: The last revision at which the device is complete, after the last message.
        self.known = 0

    def wanted(self) -> list[Notification]:
        """Return the live notifications that are meant for the endpoint."""
        return [row for row in self._world.rows() if row.live and row.target.includes(self._audience)]

    async def stream(
        self, request: pb.SubscribeRequest, *, busy: bool
    ) -> AsyncIterator[pb.SubscribeResponse]:
        """Yield the messages of a stream until a resync; with `busy`, the feed changes between them."""
        stream = _Stream(self._world, self._audience, await self._world.feed(), request)
        self.known = stream.position.known
        yield stream.say(welcome=self._welcome(stream))
        while True:
            for _ in range(self._world.random.choice((0, 0, 1, 2)) if busy else 0):
                await self._world.step()
            events = await stream.read()
            if events is None:
                return
            self.known = stream.position.known
            if events:
                yield stream.say(event_batch=pb.EventBatch.FromString(b"".join(events)))
            if stream.position.complete and not stream.synced:
                stream.synced = True
                yield stream.say(synced=pb.Synced())
            elif not events:
                yield stream.say(heartbeat=pb.Heartbeat(server_time=messages.timestamp(self._world.now)))

    def _welcome(self, stream: "_Stream") -> pb.Welcome:
        return pb.Welcome(
            resumed=stream.resumed,
            server_time=messages.timestamp(self._world.now),
            feed_epoch=stream.feed_epoch,
        )


class _Stream:
    """One stream: its position, and the messages at it."""

    def __init__(
        self, world: RandomFeed, audience: Audience, feed: Feed, request: pb.SubscribeRequest
    ) -> None:
        self._world = world
        self._audience = audience
        self._seal = Seal.of(FEED, audience.endpoint_id, world.store.epoch, feed.epoch)
        self._unread = feed.unread_count(audience)
        self.feed_epoch = feed.epoch
        self.position, self.resumed = _start(self._seal, feed, request)
        self.synced = False

    async def read(self) -> list[bytes] | None:
        """Return the next events, encoded; None if the floor passed the position."""
        page = await self._world.store.changes(
            FEED,
            after=self.position.cursor,
            known=self.position.known,
            limit=self._world.random.randint(1, 5),
            max_bytes=PLENTY,
        )
        if not self.position.covered(page.feed.floor):
            return None
        events = [
            catch_up_event(row, self.position, self._world.now)
            for row in page.rows
            if target_of_key(row.target).includes(self._audience)
        ]
        if page.complete:
            self.position = Position.complete_at(page.feed.revision)
            self._unread = page.feed.unread_count(self._audience)
        else:
            self.position = self.position.passed(page.rows[-1].revision)
        return [subscribe_response.encode_catch_up_event(event) for event in events if event is not None]

    def say(self, **said: Any) -> pb.SubscribeResponse:
        return pb.SubscribeResponse(
            resume_token=self._seal.token(self.position),
            revision=self.position.cursor,
            complete=self.synced and self.position.complete,
            unread_count=self._unread,
            **said,
        )


class PayloadTransport:
    """A transport that answers GetNotification, the only call of a device that receives messages.

    It calls `when_asked` before each answer.
    """

    def __init__(self, world: RandomFeed, when_asked: Callable[[], None]) -> None:
        self._world = world
        self._when_asked = when_asked
        self.asked = 0

    async def unary(self, method: Any, request: Any, *, token: str, timeout: float | None) -> Any:
        assert method.name == "GetNotification"
        self.asked += 1
        self._when_asked()
        for row in self._world.rows():
            if row.id == request.notification.id and row.live:
                return service_pb.GetNotificationResponse(notification=messages.notification(row))
        raise NotFound("it is gone", reason="NOTIFICATION_NOT_FOUND")

    def stream(self, method: Any, request: Any, *, token: str) -> Any:
        raise UnisonoError("nobody streams here")

    async def close(self) -> None:
        return


def _start(seal: Seal, feed: Feed, request: pb.SubscribeRequest) -> tuple[Position, bool]:
    if request.resume_token:
        position = seal.open(request.resume_token)
        if position is not None and position.resumable(feed.revision, feed.floor):
            return position, True
    elif request.start_position == pb.START_POSITION_END:
        return Position.complete_at(feed.revision), False
    return Position.beginning(feed.revision), False
