"""The sessions of this node by the feed that they follow, and the way of each hint to them."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from unisono.server.bus.base import Hint
from unisono.server.clock import Clock, SingleWaiterEvent
from unisono.server.core.away import AwayFeeds
from unisono.server.core.events import EncodeChange
from unisono.server.core.position import Position
from unisono.server.core.stream_metrics import StreamMetrics
from unisono.server.core.tail import Tail
from unisono.server.core.tails import Tails
from unisono.server.core.waking import Waking
from unisono.server.errors import QuotaExceeded, Reason, Unavailable
from unisono.server.model import FeedKey


class Subscriber:
    """The registration of a session in the hub, until the end of `with`.

    Is a context manager itself: a generator would take half a kilobyte more for every stream.
    """

    __slots__ = (
        "_channel",
        "drain_delay",
        "endpoint_changed",
        "endpoint_id",
        "hinted_at",
        "position",
        "session_id",
        "wake",
    )

    def __init__(self, endpoint_id: str, session_id: str, channel: "_Channel") -> None:
        self.endpoint_id = endpoint_id
        self.session_id = session_id
        self._channel = channel
        #: What was written to its stream; None before it has begun.
        self.position: Position | None = None
        #: Set when the session has to check its feed and the two fields below.
        self.wake = SingleWaiterEvent()
        #: When the first hint came that the session has not followed yet; None without one.
        self.hinted_at: float | None = None
        #: Whether the endpoint's row was changed, and not by this session.
        self.endpoint_changed = False
        #: The seconds after which the device should come back; None while the server is not stopping.
        self.drain_delay: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.remove(self)

    @property
    def tail(self) -> Tail:
        """The tail of the feed, which its subscribers share."""
        return self._channel.tail


class _Channel:
    """The subscribers of one feed, and its tail."""

    __slots__ = ("_on_empty", "key", "subscribers", "tail")

    def __init__(self, key: FeedKey, tail: Tail, on_empty: "Callable[[_Channel], None]") -> None:
        self.key = key
        self.tail = tail
        self._on_empty = on_empty
        self.subscribers: set[Subscriber] = set()

    def add(self, endpoint_id: str, session_id: str) -> Subscriber:
        subscriber = Subscriber(endpoint_id, session_id, self)
        self.subscribers.add(subscriber)
        return subscriber

    def remove(self, subscriber: Subscriber) -> None:
        self.subscribers.discard(subscriber)
        if not self.subscribers:
            self._on_empty(self)


class Hub:
    """Passes hints to the subscribers of their feed, and keeps a tail for each feed that has some, or had.

    A device that comes back finds in the tail what it missed.
    """

    def __init__(
        self, encode: EncodeChange, clock: Clock, metrics: StreamMetrics, *, streams_per_user: int
    ) -> None:
        self._encode = encode
        self._metrics = metrics
        self._clock = clock
        self._streams_per_user = streams_per_user
        #: Of the feeds that have subscribers, and of those that are away.
        self._channels: dict[FeedKey, _Channel] = {}
        self._away = AwayFeeds()
        self._tails = Tails()
        self._waking = Waking()
        self._draining = False

    def subscribe(self, key: FeedKey, endpoint_id: str, session_id: str) -> Subscriber:
        """Register a session for a feed, until the end of `with`.

        Raises `QuotaExceeded` (OPEN_STREAMS_EXCEEDED) when `streams_per_user` other endpoints of the user
        have streams, or the user has twice as many streams with those that were superseded and have not
        ended; and `Unavailable` (DRAINING) after `drain`.
        """
        if self._draining:
            raise Unavailable(Reason.DRAINING, "the server is stopping; connect again")
        self._forget_away()
        channel = self._channels.get(key) or _Channel(key, Tail(self._encode), self._leave)
        self._admit(key, channel, endpoint_id)
        self._away.remove(key)
        self._channels[key] = channel
        return channel.add(endpoint_id, session_id)

    def on_hint(self, hint: Hint) -> None:
        """Add a hint to the tail of its feed, and wake the subscribers that it concerns. Does not raise."""
        self._metrics.hints += 1
        self._forget_away()
        channel = self._channels.get(hint.key)
        if channel is None:
            return
        if not hint.endpoint_id:
            channel.tail.on_hint(hint)
            self._tails.touch(channel.tail)
        now = self._clock.monotonic()
        for subscriber in channel.subscribers:
            # With its feed, the row of every endpoint is gone.
            subscriber.endpoint_changed |= hint.deleted
            concerned = not hint.endpoint_id or hint.endpoint_id == subscriber.endpoint_id
            if not concerned or hint.session_id == subscriber.session_id:
                continue
            subscriber.endpoint_changed |= bool(hint.endpoint_id)
            if subscriber.hinted_at is None:
                subscriber.hinted_at = now
            self._waking.wake(hint.key, subscriber.wake)

    def subscribers(self, key: FeedKey) -> Sequence[Subscriber]:
        """Return the sessions that are registered for a feed."""
        channel = self._channels.get(key)
        return () if channel is None else tuple(channel.subscribers)

    @property
    def subscriber_count(self) -> int:
        """The number of registered sessions."""
        return sum(len(channel.subscribers) for channel in self._channels.values())

    def drain(self) -> list[Subscriber]:
        """Refuse new sessions from now on, and return the registered ones."""
        self._draining = True
        return [subscriber for channel in self._channels.values() for subscriber in channel.subscribers]

    def _leave(self, channel: _Channel) -> None:
        """Keep the channel of a feed without subscribers for a while."""
        self._away.add(channel.key, self._clock.monotonic())
        self._forget_away()

    def _forget_away(self) -> None:
        for key in self._away.expire(self._clock.monotonic()):
            self._tails.remove(self._channels.pop(key).tail)

    def _admit(self, key: FeedKey, channel: _Channel, endpoint_id: str) -> None:
        """Check the limits of a user. A superseded stream ends by itself, unless its device does not read.

        Then only the end of its connection frees what it holds. So superseded streams count too, but apart,
        or a device that comes back often would shut itself out.
        """
        limit = self._streams_per_user
        others = {subscriber.endpoint_id for subscriber in channel.subscribers} - {endpoint_id}
        if len(others) >= limit:
            text = f"the user has {len(others)} streams open, which is the limit; close one"
            raise _exceeded(key, text, limit)
        if len(channel.subscribers) >= 2 * limit:
            text = (
                f"the user has {len(channel.subscribers)} streams open, those that newer ones took over from "
                "among them, which is the limit; read them to their end, or close their connections"
            )
            raise _exceeded(key, text, 2 * limit)


def _exceeded(key: FeedKey, text: str, limit: int) -> QuotaExceeded:
    subject = f"user:{key.user_id}"
    return QuotaExceeded(Reason.OPEN_STREAMS_EXCEEDED, text, subject=subject, limit=limit)
