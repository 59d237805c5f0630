"""Who is listening to which feed on this node. Knows seats, not streams, and no store."""

from collections.abc import Iterator
from contextlib import contextmanager

from unisono.server.bus.base import Hint
from unisono.server.clock import Clock, Wake
from unisono.server.core.events import EncodeChange
from unisono.server.core.tail import Tail
from unisono.server.errors import QuotaExceeded, Reason, Unavailable
from unisono.server.model import FeedKey


class Seat:
    """The place of one session in the hub: what it is told, and the feed's tail."""

    __slots__ = ("drain_delay", "endpoint_changed", "endpoint_id", "session_id", "tail", "wake")

    def __init__(self, endpoint_id: str, session_id: str, tail: Tail) -> None:
        self.endpoint_id = endpoint_id
        self.session_id = session_id
        self.tail = tail
        #: Something happened: look at the feed, and at what follows here.
        self.wake = Wake()
        #: The endpoint's row changed, and not by this session.
        self.endpoint_changed = False
        #: The server stops: come back after so many seconds.
        self.drain_delay: float | None = None


class _Channel:
    __slots__ = ("seats", "tail")

    def __init__(self, encode: EncodeChange) -> None:
        self.tail = Tail(encode)
        self.seats: set[Seat] = set()


class Hub:
    """Hands hints to the seats of their feed, and keeps a tail for each feed with seats."""

    def __init__(self, encode: EncodeChange, clock: Clock, *, streams_per_user: int) -> None:
        self._encode = encode
        self._clock = clock
        self._streams_per_user = streams_per_user
        self._channels: dict[FeedKey, _Channel] = {}
        self._draining = False

    @contextmanager
    def seat(self, key: FeedKey, endpoint_id: str, session_id: str) -> Iterator[Seat]:
        """Take a seat for the time of a session.

        Raises QuotaExceeded when the user's other endpoints take all there are, and Unavailable when
        the server is stopping.
        """
        if self._draining:
            raise Unavailable(Reason.DRAINING, "the server is stopping; connect again")
        channel = self._channels.setdefault(key, _Channel(self._encode))
        self._admit(key, channel, endpoint_id)
        seat = Seat(endpoint_id, session_id, channel.tail)
        channel.seats.add(seat)
        try:
            yield seat
        finally:
            channel.seats.discard(seat)
            if not channel.seats:
                self._channels.pop(key, None)

    def hear(self, hint: Hint) -> None:
        """Take a hint from the bus."""
        channel = self._channels.get(hint.key)
        if channel is None:
            return
        if not hint.endpoint_id:
            channel.tail.hear(hint, self._clock.now())
        for seat in channel.seats:
            concerned = not hint.endpoint_id or hint.endpoint_id == seat.endpoint_id
            if not concerned or hint.session_id == seat.session_id:
                continue
            seat.endpoint_changed |= bool(hint.endpoint_id)
            seat.wake.set()

    @property
    def streams(self) -> int:
        """How many seats are taken."""
        return sum(len(channel.seats) for channel in self._channels.values())

    def drain(self) -> list[Seat]:
        """Admit nobody any more; return who is there."""
        self._draining = True
        return [seat for channel in self._channels.values() for seat in channel.seats]

    def _admit(self, key: FeedKey, channel: _Channel, endpoint_id: str) -> None:
        others = {seat.endpoint_id for seat in channel.seats} - {endpoint_id}
        if len(others) >= self._streams_per_user:
            raise QuotaExceeded(
                Reason.OPEN_STREAMS_EXCEEDED,
                f"the user has {len(others)} streams open, which is the limit; close one",
                subject=f"user:{key.user_id}",
                limit=self._streams_per_user,
            )
