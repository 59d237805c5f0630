"""Draws random commands about endpoints, and activity of them, that often conflict."""

from collections.abc import Sequence
from random import Random

from unisono.server.core.decide.endpoints import EndpointCommand, Register, Remove, Rename
from unisono.server.model import Endpoint, FeedKey, Platform
from unisono.server.store.reads import EndpointActivity

NAMES = ("laptop", "phone", "tablet", "watch")


class RandomEndpoints:
    """Random commands and activities, from a seeded source."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._sessions = 0

    def command(self, feed: FeedKey) -> EndpointCommand:
        """Draw a command: most of the time a registration, half of these for a stream."""
        name, display_name = self._random.choice(NAMES), self._random.choice(("", "Mine"))
        kind = self._random.random()
        if kind < 0.15:
            return Rename(feed=feed, endpoint_id=name, display_name=display_name)
        if kind < 0.3:
            return Remove(feed=feed, endpoint_id=name, may_return=self._random.random() < 0.6)
        self._sessions += 1
        return Register(
            feed=feed,
            endpoint_id=name,
            platform=self._random.choice((None, Platform.IOS, Platform.IOS, Platform.LINUX)),
            display_name=display_name,
            session_id=self._random.choice(("", f"session-{self._sessions}")),
            registration=self._random.choice((None, None, None, 0, 1)),
            ephemeral=self._random.random() < 0.4,
        )

    def sign(self, feed: FeedKey, endpoints: Sequence[Endpoint], now: int) -> EndpointActivity:
        """Draw an activity of an endpoint, which may be unknown; it may end the endpoint's session."""
        known = {endpoint.endpoint_id: endpoint.session_id for endpoint in endpoints}
        name = self._random.choice((*known, *known, "unknown"))
        return EndpointActivity(
            feed=feed,
            endpoint_id=name,
            time=now - self._random.choice((0, 0, 5_000)),
            acknowledged_revision=self._random.randint(0, 20),
            registrations=self._random.choice((0, 0, 1)),
            ended_session=self._random.choice(("", "another", known.get(name, ""))),
        )
