"""All that the service holds: its time, its feeds, and what it has given out. Knows no requests."""

import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Generic, TypeVar

from unisono.client.testing import errors
from unisono.client.testing.feed import Feed, FeedKey, Listener
from unisono.client.testing.limits import Limits

Value = TypeVar("Value")


@dataclass(slots=True, eq=False)
class Principal:
    """Whom an access token is of: the app itself, or a user. `expire_time` is in milliseconds since 1970."""

    app_id: str
    user_id: str
    may_send: bool
    expire_time: int

    @property
    def role(self) -> str:
        """What the principal is."""
        return "device" if self.user_id else "publisher"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a device is in its feed: *passed*, *last complete revision*, *older than this is not news*."""

    cursor: int
    known: int
    base: int

    @property
    def complete(self) -> bool:
        """Whether the device has everything up to here."""
        return self.cursor == self.known


@dataclass(frozen=True, slots=True)
class IssuedPosition:
    """A position, and whose it is."""

    feed: FeedKey
    endpoint_id: str
    epochs: tuple[int, int]
    position: Position


class OpaqueHandles(Generic[Value]):
    """Values under names that nobody guesses, and that no other service gives."""

    def __init__(self, kind: str) -> None:
        self._prefix = f"{kind}-{uuid.uuid4().hex[:8]}"
        self._values: dict[str, Value] = {}

    def issue(self, value: Value) -> str:
        """A new name for it."""
        given = f"{self._prefix}-{len(self._values) + 1}"
        self._values[given] = value
        return given

    def get(self, given: str) -> Value | None:
        """What the name is of."""
        return self._values.get(given)


@dataclass(slots=True, eq=False)
class ServiceState:
    """`now` is in milliseconds since 1970. `epoch` changes when all positions are forgotten."""

    limits: Limits
    now: int
    epoch: int = 1
    feeds: dict[FeedKey, Feed] = field(default_factory=dict)
    principals: dict[str, Principal] = field(default_factory=dict)
    positions: OpaqueHandles[IssuedPosition] = field(default_factory=lambda: OpaqueHandles("position"))
    pages: OpaqueHandles[tuple[bytes, int]] = field(default_factory=lambda: OpaqueHandles("page"))
    #: A blocking publisher calls from a thread of its own.
    lock: threading.RLock = field(default_factory=threading.RLock)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def feed(self, key: FeedKey) -> Feed:
        """The feed, made if it is new."""
        known = self.feeds.get(key)
        return known or self.feeds.setdefault(key, Feed(key, epoch=next(self._numbers)))

    @property
    def listeners(self) -> list[Listener]:
        """All open streams."""
        return [listener for feed in self.feeds.values() for listener in feed.listeners]

    def principal(self, token: str) -> Principal:
        """Who calls. Raises `Unauthenticated`."""
        principal = self.principals.get(token)
        if principal is None:
            raise errors.unknown_token()
        if principal.expire_time <= self.now:
            raise errors.token_expired()
        return principal

    def new_id(self) -> str:
        """A UUIDv7 (RFC 9562, section 5.7); later ones are larger."""
        return str(uuid.UUID(int=self.now << 80 | 0x7 << 76 | 0x2 << 62 | next(self._numbers)))

    def seal(self, feed: Feed, endpoint_id: str, position: Position) -> bytes:
        """The resume token of a position."""
        return self.positions.issue(
            IssuedPosition(feed.key, endpoint_id, self._epochs(feed), position)
        ).encode()

    def unseal(self, feed: Feed, endpoint_id: str, token: bytes) -> Position | None:
        """The position; None for another endpoint's, or one that counts no more.

        Raises `ResumeTokenInvalid`.
        """
        sealed = self.positions.get(token.decode(errors="replace"))
        if sealed is None:
            raise errors.bad_position("is not a resume token")
        if sealed.feed != feed.key:
            raise errors.bad_position("was not given out for this feed")
        counts = (sealed.endpoint_id, sealed.epochs) == (endpoint_id, self._epochs(feed))
        return sealed.position if counts else None

    def _epochs(self, feed: Feed) -> tuple[int, int]:
        return self.epoch, feed.epoch
