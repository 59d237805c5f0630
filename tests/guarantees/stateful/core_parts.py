"""The core of a node on a file, put together as `app.node` does, without gRPC."""

from collections.abc import Sequence
from pathlib import Path

from tests.support.clocks import FakeClock
from unisono.server.api.convert import encoding, subscribe_response
from unisono.server.bus.local import LocalBus
from unisono.server.clock import RandomIds
from unisono.server.core.bars import Bars
from unisono.server.core.endpoints import Endpoints
from unisono.server.core.eraser import Eraser
from unisono.server.core.feed_committer import FeedCommitter
from unisono.server.core.feeds import Feeds, SessionRules
from unisono.server.core.hub import Hub
from unisono.server.core.presence import Presence
from unisono.server.core.stream_metrics import StreamMetrics
from unisono.server.core.sweeper import Sweeper, SweepRules
from unisono.server.model import Limits
from unisono.server.store.reads import HistoryPage
from unisono.server.store.sqlite import SqliteStore
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

#: Sessions do not end by their age, but by what a machine does to them.
RULES = SessionRules(heartbeat_default=5, age_min=10**7, age_max=10**7)
LIMITS = Limits(live_notifications_per_feed=20)


class Core:
    """The parts of a node between the store and gRPC."""

    def __init__(self, path: Path, bus: LocalBus, clock: FakeClock) -> None:
        ids = RandomIds()
        self.clock = clock
        self.store = SqliteStore(path, ids=ids, encode=encoding.encode_row)
        streams = StreamMetrics()
        self.hub = Hub(
            subscribe_response.encode_change, clock, streams, streams_per_user=LIMITS.streams_per_user
        )
        bus.listen(self.hub.on_hint)
        presence = Presence(self.store)
        bars = Bars(self.store, clock, per_app=LIMITS.barred_users_per_app)
        self.eraser = Eraser(self.store, bus, bars, clock)
        self.commits = FeedCommitter(
            self.store, bus, presence, bars, clock, LIMITS, batch=1000, capacity=10_000
        )
        self.endpoints = Endpoints(
            self.store, bus, presence, bars, clock, LIMITS, batch=1000, capacity=10_000
        )
        self.sweeper = Sweeper(self.commits, self.endpoints, self.store, presence, clock, SweepRules())
        self.feeds = Feeds(
            store=self.store,
            hub=self.hub,
            endpoints=self.endpoints,
            presence=presence,
            clock=clock,
            ids=ids,
            encode=subscribe_response.encode_catch_up_event,
            rules=RULES,
            metrics=streams,
        )

    async def open(self) -> None:
        """Open the store, and start the committers. Nothing expires until the sweeper is called."""
        await self.store.open()
        await self.eraser.start()
        self.commits.committer.start()
        self.endpoints.committer.start()

    async def close(self) -> None:
        """Finish the commits that have begun, and close the store."""
        await self.eraser.close()
        await self.commits.committer.close()
        await self.endpoints.committer.close()
        await self.store.close()


def shown(page: HistoryPage) -> Sequence[pb.Notification]:
    """Return the notifications of a page as a client receives them."""
    encoded = b"".join(encoding.list_field(row.encoded, row.payload) for row in page.rows)
    return service_pb.ListNotificationsResponse.FromString(encoded).notifications
