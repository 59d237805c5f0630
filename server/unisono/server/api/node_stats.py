"""What a node tells admins of itself, as a message: the sums of what it counts, and what its store holds."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from unisono.server import __version__
from unisono.server.api.call_metrics import CallMetrics
from unisono.server.api.convert.messages import timestamp
from unisono.server.clock import Clock
from unisono.server.core.commit_metrics import CommitMetrics
from unisono.server.core.commit_places import CommitPlaces
from unisono.server.store.base import Store
from unisono.server.store.reads import Counted, StoreContents
from unisono.v1 import admin_service_pb2 as pb

FEEDS_MAX: Final = 1_000_000
"""Feeds that are looked at to count what is in them."""


class NodeStats:
    """Collects the figures of a node. `commits` has what is committed by what it changes."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        calls: CallMetrics,
        open_streams: Callable[[], int],
        commits: Mapping[str, tuple[CommitMetrics, CommitPlaces]],
    ) -> None:
        self._store = store
        self._began = clock.now()
        self._calls = calls
        self._open_streams = open_streams
        self._commits = commits

    async def get(self, now: int) -> pb.GetStatsResponse:
        """Return the figures at `now` (ms since 1970). Raises `Unavailable`."""
        contents = await self._store.contents(FEEDS_MAX)
        return pb.GetStatsResponse(
            version=__version__,
            start_time=timestamp(self._began),
            time=timestamp(now),
            store=_store(contents),
            open_streams=self._open_streams(),
            commits=self._of_commits(),
            methods=self._of_methods(),
        )

    def _of_commits(self) -> Iterator[pb.CommitStats]:
        for name, (metrics, places) in self._commits.items():
            yield pb.CommitStats(
                name=name,
                waiting=places.taken,
                capacity=places.capacity,
                commits=metrics.items.count,
                changes=int(metrics.items.sum),
            )

    def _of_methods(self) -> Iterator[pb.MethodStats]:
        for method in self._calls.methods:
            if method.started:
                handled = [pb.CodeCount(code=code.name, calls=n) for code, n in method.handled.items()]
                yield pb.MethodStats(method=method.name, started=method.started, handled=handled)


def _store(contents: StoreContents) -> pb.StoreStats:
    return pb.StoreStats(
        schema_version=contents.schema_version,
        bytes=contents.size_bytes,
        free_bytes=contents.free_bytes,
        feeds=_counted(contents.feeds),
        endpoints=_counted(contents.endpoints),
        notifications=_counted(contents.notifications),
    )


def _counted(counted: Counted) -> pb.Counted:
    return pb.Counted(count=counted.number, more=counted.more)
