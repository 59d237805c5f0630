"""The loop that serves one stream: read what follows the cursor, write it, wait, and again.

A session never trusts a hint (Complete): a hint makes it read the store, and the tail saves it that read
only where it continues the cursor.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from unisono.server.clock import Clock
from unisono.server.core.catch_up_cache import CatchUpCache, CatchUpPage
from unisono.server.core.goodbyes import lost_endpoint, retry_delay
from unisono.server.core.heartbeats import Heartbeats
from unisono.server.core.hub import Subscriber
from unisono.server.core.position import Position
from unisono.server.core.presence import Presence
from unisono.server.core.resume_token import Seal
from unisono.server.core.stream_messages import GoodbyeReason, MessageKind, SessionLimits, Step, StreamMessage
from unisono.server.core.stream_metrics import CLIENT_GONE, StreamMetrics
from unisono.server.errors import UnisonoError
from unisono.server.model import Endpoint, Feed
from unisono.server.store.base import Store
from unisono.server.store.reads import EndpointActivity, Standing

EncodeMessage = Callable[[StreamMessage, "Session"], bytes]
"""Encodes a message of a session."""

Write = Callable[[bytes], Awaitable[None]]
"""Writes an encoded message, and returns when it was taken."""


class Session:
    """One stream of one endpoint, from a position on.

    `resumed` says whether that is the position which the device gave (proto field Welcome.resumed). `seal` is
    what its tokens are valid for.
    """

    # Thousands are idle at a time: a dictionary for each would be a kilobyte for each.
    __slots__ = (
        "_audience",
        "_behind",
        "_cache",
        "_clock",
        "_ends_at",
        "_feed",
        "_feed_revision",
        "_heartbeats",
        "_metrics",
        "_position",
        "_presence",
        "_reason",
        "_registrations",
        "_store",
        "_subscriber",
        "_synced",
        "_transport",
        "_unread",
        "limits",
        "resumed",
        "seal",
    )

    def __init__(
        self,
        *,
        endpoint: Endpoint,
        feed: Feed,
        position: Position,
        resumed: bool,
        subscriber: Subscriber,
        limits: SessionLimits,
        store: Store,
        cache: CatchUpCache,
        presence: Presence,
        clock: Clock,
        metrics: StreamMetrics,
        transport: str,
    ) -> None:
        self.resumed = resumed
        self.limits = limits
        self._feed = feed.key
        self._audience = endpoint.audience
        self._position = subscriber.position = position
        self._subscriber = subscriber
        self._store = store
        self._cache = cache
        self._presence = presence
        self._clock = clock
        self._metrics = metrics
        self._transport = transport
        self._registrations = endpoint.registrations
        self.seal = Seal.of(feed.key, endpoint.endpoint_id, store.epoch, feed.epoch, endpoint.registrations)
        self._unread = feed.unread_count(endpoint.audience)
        self._ends_at = clock.monotonic() + limits.age
        #: The feed has at least this revision.
        self._feed_revision = feed.revision
        self._synced = False
        self._behind = False
        self._heartbeats = Heartbeats(limits.heartbeat, clock.monotonic())
        self._reason: GoodbyeReason | None = None

    @property
    def session_id(self) -> str:
        """The name of the stream in the log and in the endpoint's row."""
        return self._subscriber.session_id

    async def run(self, encode: EncodeMessage, write: Write) -> tuple[GoodbyeReason, float | None]:
        """Write all messages of the stream, each when the one before was taken, up to the GOODBYE.

        Returns what that says: why the stream ends, and in how many seconds the device should come back
        (None: no delay is given). Raises `Unavailable` where the store cannot be read, and what `write`
        raises. However it ends, also by cancellation, the end of the session is recorded.

        The position moves only when the events before it are written: the token of a GOODBYE must not pass
        events that were read and then not written (Resumable).
        """
        ending = CLIENT_GONE
        self._metrics.open[self._audience.platform, self._transport] += 1
        try:
            await write(encode(self._message(MessageKind.WELCOME, time=self._clock.now()), self))
            while (reason := await self._advance(encode, write)) is None:
                while self._position.complete and await self._wait_for_heartbeat():
                    await write(encode(self._message(MessageKind.HEARTBEAT, time=self._clock.now()), self))
            goodbye = self._goodbye(reason)
            await write(encode(goodbye, self))
            ending = reason.name
            return reason, goodbye.retry_delay
        except UnisonoError as error:
            ending = error.reason
            raise
        finally:
            self._metrics.open[self._audience.platform, self._transport] -= 1
            self._metrics.ended[ending] += 1
            self._record_activity(ended=True)

    async def _advance(self, encode: EncodeMessage, write: Write) -> GoodbyeReason | None:
        """Write what follows the position, if anything does. Return why to end, if it is time to.

        Not a part of `run`, which would hold the step in memory for as long as the device is idle.
        """
        hinted_at, self._subscriber.hinted_at = self._subscriber.hinted_at, None
        step = await self._next_step()
        if reason := await self._end_reason():
            return reason
        self._position = self._subscriber.position = step.position
        self._unread = step.unread_count
        if step.events:
            await write(encode(self._message(MessageKind.EVENTS, step.events), self))
            if self._synced and hinted_at is not None:
                self._metrics.delivery_seconds.observe(self._clock.monotonic() - hinted_at)
        if self._position.complete and not self._synced:
            if reason := await self._end_reason():
                return reason
            self._synced = True
            await write(encode(self._message(MessageKind.SYNCED), self))
        return None

    async def _next_step(self) -> Step:
        """Return what follows the position: from the tail where it continues it, otherwise from the store.

        Nothing follows where the session began at the end of its feed and no hint has come since.
        """
        hinted = self._subscriber.wake.is_set()
        self._subscriber.wake.clear()
        if not self._synced and not hinted and self._begins_at_the_end():
            return Step((), self._position, self._unread)
        tail = self._from_tail()
        if tail is not None:
            self._metrics.reads["tail"] += 1
            return self._complete(*tail)
        return await self._read(alone=self._synced or hinted)

    def _begins_at_the_end(self) -> bool:
        return self._position == Position.complete_at(self._feed_revision)

    def _from_tail(self) -> tuple[Feed, Sequence[bytes]] | None:
        """Return what follows the position, where the tail has it; for a device that returns only collapsed.

        The tail of a feed whose hints get lost may be older than the feed was when the session began.
        """
        cursor = self._position.cursor
        if self._behind or self._position != Position.complete_at(cursor):
            return None
        collapsed = not self._synced
        tail = self._subscriber.tail.after(cursor, self._audience, self._clock.now(), collapsed=collapsed)
        if tail is None or tail[0].epoch != self.seal.feed_epoch or tail[0].revision < self._feed_revision:
            return None
        return tail

    async def _read(self, *, alone: bool) -> Step:
        """Read the store: alone after a hint, because what others have read may be too old then."""
        page = await self._page(alone=alone)
        if page is None or page.feed.epoch != self.seal.feed_epoch:
            self._reason = GoodbyeReason.FEED_DELETED
            return Step((), self._position, self._unread)
        self._feed_revision = page.feed.revision
        self._behind = False
        if not self._position.covered(page.feed.floor):
            self._reason = GoodbyeReason.RESYNC
            return Step((), self._position, self._unread)
        events, passed = page.batch(self._audience)
        if passed is None:
            return self._complete(page.feed, events)
        return Step(events, self._position.passed(passed), self._unread)

    async def _page(self, *, alone: bool) -> CatchUpPage | None:
        """Return what follows the position; None where the feed is not there any more."""
        try:
            if alone:
                return await self._cache.read(self._feed, self._position)
            known = Standing(self.seal.feed_epoch, self._feed_revision)
            return await self._cache.get_or_read(self._feed, self._position, min_standing=known)
        except LookupError:
            return None

    def _complete(self, feed: Feed, events: Sequence[bytes]) -> Step:
        unread_count = feed.unread_count(self._audience)
        return Step(events, Position.complete_at(feed.revision), unread_count)

    async def _end_reason(self) -> GoodbyeReason | None:
        if self._subscriber.endpoint_changed:
            self._subscriber.endpoint_changed = False
            await self._poll()
        if self._subscriber.drain_delay is not None:
            self._reason = self._reason or GoodbyeReason.DRAINING
        elif self._clock.now() >= self.limits.expire_time:
            self._reason = GoodbyeReason.TOKEN_EXPIRED
        elif self._clock.monotonic() >= self._ends_at:
            self._reason = self._reason or GoodbyeReason.SESSION_AGE
        return self._reason

    async def _poll(self) -> Standing | None:
        """Return where the feed is in the store, and check in the same read whose the endpoint is."""
        # This comes first: what is saved while the store is read may be missing in what was read.
        unsaved = self._presence.unsaved.owner(self._feed, self._audience.endpoint_id)
        standing, endpoint = await self._store.standing(self._feed, self._audience.endpoint_id)
        begun_with = self.seal.feed_epoch, self._registrations, self.session_id
        self._reason = lost_endpoint(standing, endpoint, unsaved, *begun_with) or self._reason
        return standing

    async def _wait_for_heartbeat(self) -> bool:
        """Wait until a heartbeat is due, polling the store at each tick. False: there is something else."""
        while True:
            woken = await self._clock.wait(self._subscriber.wake, self._rest())
            if self._clock.monotonic() < self._heartbeats.due_at:
                if woken or await self._end_reason():
                    return False
                # Neither: uvloop's timers count whole milliseconds, and may ring up to one too early.
                continue
            if await self._poll_store() or await self._end_reason():
                return False
            if self._heartbeats.end_interval(self._clock.monotonic()):
                return True

    def _rest(self) -> float:
        """Seconds until an interval is over, or the stream."""
        now = self._clock.monotonic()
        expires = (self.limits.expire_time - self._clock.now()) / 1000
        return min(self._heartbeats.due_at - now, self._ends_at - now, expires)

    async def _poll_store(self) -> bool:
        """Return whether there is something to read in the store, whatever the hints said."""
        self._heartbeats.polled(self._clock.monotonic())
        self._record_activity()
        standing = await self._poll()
        self._behind = standing is None or standing.revision != self._position.cursor
        return self._behind

    def _message(
        self, kind: MessageKind, events: Sequence[bytes] = (), time: int | None = None
    ) -> StreamMessage:
        self._heartbeats.wrote(self._clock.monotonic())
        return StreamMessage(
            kind=kind,
            token=self.seal.token(self._position),
            revision=self._position.cursor,
            complete=self._synced and self._position.complete,
            unread_count=self._unread,
            events=events,
            time=time,
        )

    def _goodbye(self, reason: GoodbyeReason) -> StreamMessage:
        delay = retry_delay(reason, self._subscriber.drain_delay)
        return replace(self._message(MessageKind.GOODBYE), reason=reason, retry_delay=delay)

    def _record_activity(self, *, ended: bool = False) -> None:
        self._presence.record(
            EndpointActivity(
                feed=self._feed,
                endpoint_id=self._audience.endpoint_id,
                time=self._clock.now(),
                registrations=self._registrations,
                ended_session=self.session_id if ended else "",
            )
        )
