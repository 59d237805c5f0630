"""A device of a core: opens streams from any of its positions, and applies what they send."""

from collections.abc import Callable

from tests.guarantees.stateful.core_parts import Core
from tests.guarantees.stateful.core_stream import CoreStream
from tests.guarantees.stateful.device_history import DeviceHistory
from unisono.server.core.feeds import StreamRequest
from unisono.server.model import Audience, FeedKey, Platform
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2
from unisono.verify.history import History, Principal, Stream

#: The expiry of all access tokens, in milliseconds since 1970.
FAR_FUTURE = 10**15
#: How often a session asks the store whether it missed something, in seconds.
HEARTBEAT = 5.0
#: Heartbeats after which a device that is left alone has caught up.
BEATS = 6


class CoreDevice:
    """One endpoint of one user, whose streams are recorded."""

    def __init__(
        self, feed: FeedKey, audience: Audience, history: History, time: Callable[[], float]
    ) -> None:
        self.feed = feed
        self.audience = audience
        self.past = DeviceHistory()
        self._history = history
        self._time = time
        self._from_end = False
        self._stream: CoreStream | None = None
        #: Streams that were superseded, and may not have noticed yet.
        self._leaving: list[CoreStream] = []

    async def open(self, core: Core, *, from_end: bool = False, cut: bool = True) -> None:
        """Open a stream, from the token held if there is one; the one before is cut, or superseded."""
        if cut:
            await self.drop()
        elif self._stream is not None:
            self._leaving.append(self._stream)
        self._from_end = from_end
        wanted = self._wanted(from_end)
        stream = CoreStream(core, self._recorded(wanted), self._time)
        await stream.open(wanted)
        self._stream = stream

    async def take(self, count: int) -> None:
        """Read at most `count` messages, as long as there are any."""
        for _ in range(count):
            if not await self._take():
                return

    async def drop(self) -> None:
        """Cut the stream, and those before that were superseded."""
        streams = [*self._leaving, *([self._stream] if self._stream is not None else [])]
        self._leaving, self._stream = [], None
        for stream in streams:
            await stream.cut()

    async def settle(self, core: Core, revision: int) -> None:
        """Leave the device alone until it is complete at a revision, for `BEATS` heartbeats at most."""
        for _ in range(BEATS):
            if self._stream is None or self._stream.ended:
                await self.open(core)
            while await self._take():
                pass
            for stream in self._leaving:
                await stream.next_or_none()
            if self.past.held.is_at(revision):
                break
            core.clock.advance(HEARTBEAT)

    async def _take(self) -> bool:
        message = None if self._stream is None else await self._stream.next_or_none()
        if message is None:
            return False
        self.past.apply(message, from_end=self._from_end)
        return True

    def _wanted(self, from_end: bool) -> StreamRequest:
        return StreamRequest(
            feed=self.feed,
            endpoint_id=self.audience.endpoint_id,
            platform=Platform(self.audience.platform),
            display_name="",
            resume_token=self.past.held.token or None,
            from_end=from_end,
            heartbeat=HEARTBEAT,
            expire_time=FAR_FUTURE,
        )

    def _recorded(self, wanted: StreamRequest) -> Stream:
        request = pb.SubscribeRequest(
            endpoint_id=wanted.endpoint_id,
            platform=notification_pb2.DevicePlatform.ValueType(self.audience.platform),
        )
        if wanted.resume_token:
            request.resume_token = wanted.resume_token
        elif wanted.from_end:
            request.start_position = pb.START_POSITION_END
        principal = Principal(app_id=self.feed.app_id, user_id=self.feed.user_id)
        stream = Stream(principal=principal, request=request, began=self._time())
        self._history.streams.append(stream)
        return stream
