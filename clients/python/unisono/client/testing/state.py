"""The state of the service in memory: its time, its feeds, its access tokens, and the handles it gave out."""

import sys
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Generic, NamedTuple, TypeVar

from unisono.client.testing import errors
from unisono.client.testing.feed import Endpoint, Feed, FeedKey, Listener
from unisono.client.testing.limits import Limits

Value = TypeVar("Value")


@dataclass(slots=True, eq=False)
class Principal:
    """The identity behind an access token: an app, or one of its users. `expire_time` is in ms since 1970."""

    app_id: str
    user_id: str
    may_send: bool
    may_delete_feeds: bool
    expire_time: int

    @property
    def role(self) -> str:
        """The role of the token: `device` if it names a user, otherwise `publisher`."""
        return "device" if self.user_id else "publisher"


@dataclass(frozen=True, slots=True)
class Position:
    """The position of a device in its feed, as three revisions.

    cursor: what the stream has passed.
    known: the last complete point.
    base: what is not newer than this does not ring, and is not sent if it is a removal.
    """

    cursor: int
    known: int
    base: int

    @property
    def complete(self) -> bool:
        """Whether this is a complete point: the device has everything up to `cursor`."""
        return self.cursor == self.known


@dataclass(frozen=True, slots=True)
class IssuedPosition:
    """A position that a resume token stands for, with the feed, endpoint and epochs it was issued for.

    `registrations` is the endpoint's at that time.
    """

    feed: FeedKey
    endpoint_id: str
    registrations: int
    epochs: tuple[int, int]
    position: Position


class ChangesCursor(NamedTuple):
    """Where a list of changes goes on: the list, its epochs, what it has passed, and its base.

    What was removed up to `base` is not named.
    """

    mark: bytes
    epochs: tuple[int, int]
    passed: int
    base: int


class OpaqueHandles(Generic[Value]):
    """Values under opaque handles, which nobody guesses and no other service issues."""

    def __init__(self, kind: str) -> None:
        self._prefix = f"{kind}-{uuid.uuid4().hex[:8]}"
        self._values: dict[str, Value] = {}

    def issue(self, value: Value) -> str:
        """Return a new handle for a value."""
        given = f"{self._prefix}-{len(self._values) + 1}"
        self._values[given] = value
        return given

    def get(self, given: str) -> Value | None:
        """Return the value of a handle; None for one that was not issued here."""
        return self._values.get(given)


@dataclass(slots=True, eq=False)
class ServiceState:
    """The state of one service. `now` is in ms since 1970; positions of another `epoch` are invalid."""

    limits: Limits
    now: int
    epoch: int = 1
    feeds: dict[FeedKey, Feed] = field(default_factory=dict)
    principals: dict[str, Principal] = field(default_factory=dict)
    #: Users who are barred after their deletion, and until when (ms since 1970).
    bars: dict[FeedKey, int] = field(default_factory=dict)
    positions: OpaqueHandles[IssuedPosition] = field(default_factory=lambda: OpaqueHandles("position"))
    pages: OpaqueHandles[tuple[bytes, int]] = field(default_factory=lambda: OpaqueHandles("page"))
    change_pages: OpaqueHandles[ChangesCursor] = field(default_factory=lambda: OpaqueHandles("changes"))
    #: Whether nothing can be stored.
    full: bool = False
    #: A blocking publisher calls from a thread of its own.
    lock: threading.RLock = field(default_factory=threading.RLock)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def feed(self, key: FeedKey) -> Feed:
        """Return the feed of a user, which is created if it is new."""
        known = self.feeds.get(key)
        return known or self.feeds.setdefault(key, Feed(key, epoch=next(self._numbers)))

    def check_bar(self, key: FeedKey) -> None:
        """Raise `FeedBarred` for a user who is barred now."""
        until = self.bars.get(key, 0)
        if until > self.now:
            raise errors.feed_barred(until)

    @property
    def listeners(self) -> list[Listener]:
        """All open streams of all feeds."""
        return [listener for feed in self.feeds.values() for listener in feed.listeners]

    def principal(self, token: str) -> Principal:
        """Return the principal of an access token. Raises `Unauthenticated` for an unknown or expired one."""
        principal = self.principals.get(token)
        if principal is None:
            raise errors.unknown_token(token)
        if principal.expire_time <= self.now:
            raise errors.token_expired()
        return principal

    def new_id(self) -> str:
        """Return a new UUIDv7 (RFC 9562, section 5.7); later ones are larger."""
        return str(uuid.UUID(int=self.now << 80 | 0x7 << 76 | 0x2 << 62 | next(self._numbers)))

    def seal(self, feed: Feed, endpoint: Endpoint, position: Position) -> bytes:
        """Return a resume token for a position of an endpoint."""
        return self.positions.issue(
            IssuedPosition(feed.key, endpoint.id, endpoint.registrations, self.epochs(feed), position)
        ).encode()

    def unseal(self, feed: Feed, endpoint: Endpoint, token: bytes) -> Position | None:
        """Return the position of a resume token; None for one of another endpoint or of an earlier epoch.

        Raises `ResumeTokenInvalid` as `registration_of`.
        """
        sealed = self._issued(feed, token)
        sealed_for = (sealed.endpoint_id, sealed.registrations, sealed.epochs)
        counts = sealed_for == (endpoint.id, endpoint.registrations, self.epochs(feed))
        return sealed.position if counts else None

    def registration_of(self, feed: Feed, endpoint_id: str, token: bytes) -> int:
        """Return which registration of an endpoint a resume token is of.

        For a token of another endpoint the number is larger than any count of registrations. Raises
        `ResumeTokenInvalid` for what is no resume token, or one of another feed.
        """
        sealed = self._issued(feed, token)
        return sealed.registrations if sealed.endpoint_id == endpoint_id else sys.maxsize

    def _issued(self, feed: Feed, token: bytes) -> IssuedPosition:
        sealed = self.positions.get(token.decode(errors="replace"))
        if sealed is None:
            raise errors.bad_position("is not a resume token")
        if sealed.feed != feed.key:
            raise errors.bad_position("was not given out for this feed")
        return sealed

    def epochs(self, feed: Feed) -> tuple[int, int]:
        """Return the epochs of the service and of a feed: positions of others are invalid."""
        return self.epoch, feed.epoch
