"""Opening streams, acknowledging positions, and reading a feed's counters."""

import asyncio
import random
from dataclasses import dataclass
from functools import partial

from unisono.server.clock import Clock, Ids
from unisono.server.core.catch_up_cache import CatchUpCache
from unisono.server.core.decide.endpoints import EndpointResult, existing
from unisono.server.core.endpoints import Endpoints
from unisono.server.core.events import EncodeCatchUpEvent
from unisono.server.core.hub import Hub, Subscriber
from unisono.server.core.position import Position
from unisono.server.core.presence import Presence
from unisono.server.core.resume_token import Seal
from unisono.server.core.session import Session
from unisono.server.core.stream_messages import SessionLimits
from unisono.server.model import Audience, Feed, FeedKey, Platform
from unisono.server.store.base import Store
from unisono.server.store.reads import EndpointActivity, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRules:
    """How long streams live and beat, in seconds. Ages are drawn between the two, so that streams
    that began together do not end together.
    """

    heartbeat_default: float = 30
    heartbeat_min: float = 5
    heartbeat_max: float = 300
    age_min: float = 15 * 60
    age_max: float = 20 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRequest:
    """What a device asks for when it opens a stream. `resume_token` None: a start without position."""

    feed: FeedKey
    endpoint_id: str
    platform: Platform | None
    display_name: str
    resume_token: bytes | None
    from_end: bool
    heartbeat: float | None
    expire_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """The counters of a feed, as one endpoint sees them, or all."""

    last_revision: int
    unread_count: int


class Feeds:
    """The use cases of FeedService."""

    def __init__(
        self,
        *,
        store: Store,
        hub: Hub,
        endpoints: Endpoints,
        presence: Presence,
        clock: Clock,
        ids: Ids,
        encode: EncodeCatchUpEvent,
        rules: SessionRules,
    ) -> None:
        self._store = store
        self._hub = hub
        self._endpoints = endpoints
        self._presence = presence
        self._clock = clock
        self._ids = ids
        self._cache = CatchUpCache(store, clock, encode)
        self._rules = rules

    def subscribe(self, request: StreamRequest) -> Subscriber:
        """Register a session for a stream; raises as `Hub.subscribe` does.

        It comes first, so that a stream that is refused supersedes nobody, and no hint is missed.
        """
        return self._hub.subscribe(request.feed, request.endpoint_id, self._ids.session_id())

    async def open(self, request: StreamRequest, subscriber: Subscriber) -> Session:
        """Make the endpoint this session's, and find where it starts.

        Raises InvalidRequest for a token of another feed, before anything is written.
        """
        if request.resume_token is not None:
            Seal.of(request.feed, request.endpoint_id, b"", b"").open(request.resume_token)
        settled = await self._register(request, subscriber)
        position, resumed = self._start(request, settled.feed)
        return Session(
            endpoint=settled.endpoint,
            feed=settled.feed,
            position=position,
            resumed=resumed,
            subscriber=subscriber,
            limits=self._limits(request),
            store=self._store,
            cache=self._cache,
            presence=self._presence,
            clock=self._clock,
        )

    async def acknowledge(self, feed: FeedKey, endpoint_id: str, token: bytes) -> int:
        """Note that the endpoint has everything up to a token's cursor; returns the largest so far."""
        standing, endpoint = await self._store.standing(feed, endpoint_id)
        acknowledged = existing(endpoint).acknowledged_revision
        epoch, last = standing or Standing(b"", 0)
        position = self._seal(feed, epoch, endpoint_id).open(token)
        if position is not None and position.cursor <= last:
            acknowledged = max(acknowledged, position.cursor)
        sign = EndpointActivity(
            feed=feed,
            endpoint_id=endpoint_id,
            time=self._clock.now(),
            acknowledged_revision=acknowledged,
        )
        return self._presence.record(sign).acknowledged_revision

    async def state(self, feed: FeedKey, endpoint_id: str) -> FeedState:
        """The counters; of one endpoint, if it is named."""
        if not endpoint_id:
            return _counters(await self._store.feed(feed), None)
        state, endpoint = await self._store.feed_and_endpoint(feed, endpoint_id)
        return _counters(state, existing(endpoint).audience)

    async def _register(self, request: StreamRequest, subscriber: Subscriber) -> EndpointResult:
        """Make the endpoint this session's. When the device leaves meanwhile, it is given back."""
        registering = asyncio.ensure_future(
            self._endpoints.register(
                request.feed,
                request.endpoint_id,
                request.platform,
                request.display_name,
                subscriber.session_id,
            )
        )
        try:
            return await asyncio.shield(registering)
        except asyncio.CancelledError:
            # The commit goes on without its caller, and no session will say that it has ended.
            registering.add_done_callback(partial(self._give_back, request, subscriber.session_id))
            raise

    def _give_back(
        self, request: StreamRequest, session_id: str, registered: "asyncio.Future[EndpointResult]"
    ) -> None:
        """Also when the commit failed: it may have happened all the same."""
        if not registered.cancelled():
            registered.exception()  # nobody else looks at it
        sign = EndpointActivity(
            feed=request.feed,
            endpoint_id=request.endpoint_id,
            time=self._clock.now(),
            ended_session=session_id,
        )
        self._presence.record(sign)

    def _start(self, request: StreamRequest, feed: Feed) -> tuple[Position, bool]:
        if request.resume_token is not None:
            position = self._seal(feed.key, feed.epoch, request.endpoint_id).open(request.resume_token)
            if position is not None and position.resumable(feed.revision, feed.floor):
                return position, True
            return Position.beginning(feed.revision), False
        if request.from_end:
            return Position.complete_at(feed.revision), False
        return Position.beginning(feed.revision), False

    def _seal(self, feed: FeedKey, epoch: bytes, endpoint_id: str) -> Seal:
        return Seal.of(feed, endpoint_id, self._store.epoch, epoch)

    def _limits(self, request: StreamRequest) -> SessionLimits:
        rules = self._rules
        heartbeat = request.heartbeat or rules.heartbeat_default
        return SessionLimits(
            heartbeat=min(max(heartbeat, rules.heartbeat_min), rules.heartbeat_max),
            age=random.uniform(rules.age_min, rules.age_max),  # noqa: S311
            expire_time=request.expire_time,
        )


def _counters(feed: Feed | None, audience: Audience | None) -> FeedState:
    if feed is None:
        return FeedState(last_revision=0, unread_count=0)
    return FeedState(last_revision=feed.revision, unread_count=feed.unread_count(audience))
