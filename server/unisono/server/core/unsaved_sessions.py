"""The sessions that have their endpoint and could not be written yet, as on a full disk.

They count in the process at once, and are written when that works again.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, islice

from unisono.server.core.decide.endpoints import Register
from unisono.server.model import FeedKey


class UnsavedSessions:
    """The registration of the newest session of each endpoint, where the store could not take it.

    Whoever ends a session discards it, so that there are never more than streams are open.
    """

    def __init__(self) -> None:
        self._by_feed: dict[FeedKey, dict[str, Register]] = {}

    def put(self, registration: Register) -> None:
        """Make a session that of its endpoint, in place of any other."""
        self._by_feed.setdefault(registration.feed, {})[registration.endpoint_id] = registration

    def discard(self, feed: FeedKey, endpoint_id: str, session_id: str) -> None:
        """Remove a session that ended or was written, if it is here."""
        endpoints = self._by_feed.get(feed)
        if endpoints is None or self.owner(feed, endpoint_id) != session_id:
            return
        del endpoints[endpoint_id]
        if not endpoints:
            del self._by_feed[feed]

    def owner(self, feed: FeedKey, endpoint_id: str) -> str:
        """Return the session of an endpoint that is not written yet; empty where what is stored counts."""
        registration = self._by_feed.get(feed, {}).get(endpoint_id)
        return registration.session_id if registration is not None else ""

    def of(self, feeds: Iterable[FeedKey]) -> Sequence[Register]:
        """Return the registrations of some feeds."""
        return [r for feed in feeds for r in self._by_feed.get(feed, {}).values()] if self._by_feed else []

    def first(self, count: int) -> Sequence[Register]:
        """Return at most `count` registrations."""
        return list(islice(chain.from_iterable(e.values() for e in self._by_feed.values()), count))
