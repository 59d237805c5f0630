"""The use cases of FeedService: opening streams, acknowledging positions, reading the counters of a feed."""

import asyncio
import random
from dataclasses import dataclass
from functools import partial
from typing import Final

from unisono.server.bus.base import Hint
from unisono.server.clock import Clock, Ids
from unisono.server.core.catch_up_cache import CatchUpCache
from unisono.server.core.decide.endpoints import EndpointResult, require_endpoint
from unisono.server.core.endpoints import Endpoints
from unisono.server.core.events import EncodeCatchUpEvent
from unisono.server.core.former_keys import former_keys
from unisono.server.core.hub import Hub, Subscriber
from unisono.server.core.position import Position
from unisono.server.core.presence import Presence
from unisono.server.core.resume_token import Seal, registration_of
from unisono.server.core.session import Session
from unisono.server.core.stream_messages import SessionLimits
from unisono.server.core.stream_metrics import StreamMetrics
from unisono.server.model import Audience, Endpoint, Feed, FeedKey, Platform
from unisono.server.store.base import Store
from unisono.server.store.reads import EndpointActivity, Standing

EARLY_MAX, EARLY_SHARE = 60.0, 0.1
"""How long before its token expires a stream ends, at most: seconds, and a share of the time that is left."""


WEB: Final = "web"
"""The transport of what comes by the web: see `StreamRequest`."""

WEB_HEARTBEAT: Final = 45.0
"""How long a stream of the web may be silent at most, in seconds: proxies cut what is for 60 (nginx's
`proxy_read_timeout`, https://nginx.org/en/docs/http/ngx_http_proxy_module.html).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRules:
    """The heartbeat intervals and ages of streams, in seconds.

    An interval that a device asks for is clamped to `heartbeat_min` and `heartbeat_max`. The greatest age
    of each stream is random between `age_min` and `age_max`, so that streams that began together do not end
    together.
    """

    heartbeat_default: float = 30
    heartbeat_min: float = 5
    heartbeat_max: float = 300
    age_min: float = 15 * 60
    age_max: float = 20 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRequest:
    """The request of a device to open a stream (proto message SubscribeRequest).

    `resume_token` None means that it has no position: `from_end` then says whether it starts at the end of
    the feed or at its beginning. `platform` may be None for a registered endpoint. `heartbeat` is in seconds,
    None for the default; `expire_time`, that of the access token, is in milliseconds since 1970. `transport`
    is the name of what the stream came by. An `ephemeral` endpoint is forgotten soon after its last stream.
    """

    feed: FeedKey
    endpoint_id: str
    platform: Platform | None
    display_name: str
    resume_token: bytes | None
    from_end: bool
    heartbeat: float | None
    expire_time: int
    transport: str = ""
    ephemeral: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """The counters of a feed. `unread_count` is that of one endpoint, or of the whole feed."""

    last_revision: int
    unread_count: int


class Feeds:
    """Opens streams, acknowledges positions, and reads the counters of feeds."""

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
        metrics: StreamMetrics,
    ) -> None:
        self._metrics = metrics
        self._store = store
        self._hub = hub
        self._endpoints = endpoints
        self._presence = presence
        self._clock = clock
        self._ids = ids
        self._cache = CatchUpCache(store, clock, encode, metrics)
        self._rules = rules

    def on_hint(self, hint: Hint) -> None:
        """Drop what is cached of a feed that was deleted. Does not raise."""
        if hint.deleted:
            self._cache.drop(hint.key)

    def subscribe(self, request: StreamRequest) -> Subscriber:
        """Register a session for a stream, until the end of `with`. Raises as `Hub.subscribe`.

        Comes before `open`, so that a stream that is refused supersedes no other, and no hint is missed.
        """
        return self._hub.subscribe(request.feed, request.endpoint_id, self._ids.session_id())

    async def open_stream(self, request: StreamRequest, subscriber: Subscriber) -> Session:
        """Make the stream that of its endpoint, which is registered if it is new, and return its session.

        The session starts at the position of the token. Where the feed cannot continue from there (another
        endpoint or epoch, from before a rename, ahead of the feed, or below its floor), it starts at the
        beginning of the feed, and `Session.resumed` is False, as without a token. Raises `InvalidRequest`
        (RESUME_TOKEN_INVALID) for a token that is damaged or of another feed, before anything is written,
        and as `Endpoints.register`. When the caller is cancelled, the endpoint is left without this stream.
        """
        token, registration = request.resume_token, None
        if token is not None:
            registration = self._registration_of(token, request.feed, request.endpoint_id)
        registered = await self._register(request, registration, subscriber)
        position, resumed = self._start(request, registered)
        self._metrics.opened["resumed" if resumed else "new" if token is None else "restarted"] += 1
        return Session(
            endpoint=registered.endpoint,
            feed=registered.feed,
            position=position,
            resumed=resumed,
            subscriber=subscriber,
            limits=self._limits(request),
            store=self._store,
            cache=self._cache,
            presence=self._presence,
            clock=self._clock,
            metrics=self._metrics,
            transport=request.transport,
        )

    async def acknowledge(self, feed: FeedKey, endpoint_id: str, token: bytes) -> int:
        """Record that the endpoint has everything up to the cursor of a token.

        Returns the largest revision that it has acknowledged. A token of another endpoint or epoch, one
        ahead of the feed and an older one change nothing. Saved with a delay of seconds, which a crash may
        lose. Raises `NotFound`, `FailedPrecondition` when the endpoint was deleted, or was after the token,
        `InvalidRequest` (RESUME_TOKEN_INVALID) for a token that is damaged or of another feed, and
        `Unavailable`.
        """
        standing, found = await self._store.standing(feed, endpoint_id)
        endpoint = require_endpoint(found)
        require_endpoint(endpoint, self._registration_of(token, feed, endpoint_id))
        acknowledged = endpoint.acknowledged_revision
        epoch, last = standing or Standing(b"", 0)
        position = self._open(token, endpoint, epoch)
        if position is not None and position.cursor <= last:
            acknowledged = max(acknowledged, position.cursor)
        activity = EndpointActivity(
            feed=feed,
            endpoint_id=endpoint_id,
            time=self._clock.now(),
            acknowledged_revision=acknowledged,
            registrations=endpoint.registrations,
            feed_epoch=epoch,
        )
        return self._presence.record(activity).acknowledged_revision

    async def state(self, feed: FeedKey, endpoint_id: str) -> FeedState:
        """Return the counters of a feed; both are 0 where it does not exist.

        With an `endpoint_id`, only what is meant for that endpoint counts as unread (Exact). Raises
        `NotFound` and `FailedPrecondition` for an endpoint that is not registered or was deleted, and
        `Unavailable`.
        """
        if not endpoint_id:
            return _counters(await self._store.feed(feed), None)
        state, endpoint = await self._store.feed_and_endpoint(feed, endpoint_id)
        return _counters(state, require_endpoint(endpoint).audience)

    async def _register(
        self, request: StreamRequest, registration: int | None, subscriber: Subscriber
    ) -> EndpointResult:
        """Register the session as that of the endpoint. When the caller is cancelled, it is given back."""
        registering = asyncio.ensure_future(
            self._endpoints.register(
                request.feed,
                request.endpoint_id,
                request.platform,
                request.display_name,
                subscriber.session_id,
                registration,
                ephemeral=request.ephemeral,
            )
        )
        try:
            return await asyncio.shield(registering)
        except asyncio.CancelledError:
            # The commit goes on without its caller, and no session will record its end.
            registering.add_done_callback(partial(self._give_back, request, subscriber.session_id))
            raise

    def _give_back(
        self, request: StreamRequest, session_id: str, registered: "asyncio.Future[EndpointResult]"
    ) -> None:
        """Record the end of the session, also when the commit failed: it may have happened all the same."""
        if not registered.cancelled():
            registered.exception()  # nobody else retrieves it
        activity = EndpointActivity(
            feed=request.feed,
            endpoint_id=request.endpoint_id,
            time=self._clock.now(),
            ended_session=session_id,
        )
        self._presence.record(activity)

    def _start(self, request: StreamRequest, registered: EndpointResult) -> tuple[Position, bool]:
        feed = registered.feed
        if request.resume_token is not None:
            position = self._open(request.resume_token, registered.endpoint, feed.epoch)
            if position is not None and position.resumable(feed.revision, feed.floor):
                return position, True
            return Position.beginning(feed.revision), False
        if request.from_end:
            return Position.complete_at(feed.revision), False
        return Position.beginning(feed.revision), False

    def _registration_of(self, token: bytes, feed: FeedKey, endpoint_id: str) -> int:
        return registration_of(token, feed, endpoint_id, former_keys(feed, self._store.prefixes))

    def _open(self, token: bytes, endpoint: Endpoint, epoch: bytes) -> Position | None:
        feed = endpoint.feed
        seal = Seal.of(feed, endpoint.endpoint_id, self._store.epoch, epoch, endpoint.registrations)
        return seal.open(token, former_keys(feed, self._store.prefixes))

    def _limits(self, request: StreamRequest) -> SessionLimits:
        rules = self._rules
        heartbeat = request.heartbeat or rules.heartbeat_default
        agreed = min(max(heartbeat, rules.heartbeat_min), rules.heartbeat_max)
        return SessionLimits(
            heartbeat=min(agreed, WEB_HEARTBEAT) if request.transport == WEB else agreed,
            age=random.uniform(rules.age_min, rules.age_max),  # noqa: S311
            expire_time=self._before(request.expire_time),
        )

    def _before(self, expire_time: int) -> int:
        """Return a random time before a token expires: for those that expire together to come back apart.

        A share of what is left, so that a device without a newer token does not come back over and over.
        """
        left = max(expire_time - self._clock.now(), 0)
        early = min(left * EARLY_SHARE, EARLY_MAX * 1000) * random.uniform(0.2, 1)  # noqa: S311
        return expire_time - int(early)


def _counters(feed: Feed | None, audience: Audience | None) -> FeedState:
    if feed is None:
        return FeedState(last_revision=0, unread_count=0)
    return FeedState(last_revision=feed.revision, unread_count=feed.unread_count(audience))
