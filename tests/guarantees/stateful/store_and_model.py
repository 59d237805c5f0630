"""A store and its model in memory: every call is made to both, and both must answer alike."""

from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from tests.guarantees.stateful.normalize import by_name, by_revision, normalized, outcome
from tests.support.encoding import decoded, encode
from tests.support.memory_store import MemoryStore
from unisono.server.clock import RandomIds
from unisono.server.core.decide.batch import decide
from unisono.server.core.decide.commands import Command
from unisono.server.core.decide.endpoints import EndpointCommand, EndpointResult, decide_endpoints
from unisono.server.core.decide.results import Result
from unisono.server.model import Audience, Counts, Feed, FeedKey, Limits, Notification
from unisono.server.model.notification import size_of
from unisono.server.store.base import Store
from unisono.server.store.commit import Decision, EndpointDecision, EndpointView, View
from unisono.server.store.reads import (
    Changes,
    ChangesPage,
    Due,
    EndpointActivity,
    HistoryPage,
    ListFilter,
    PurgeBounds,
    Standing,
)

T = TypeVar("T")

#: Small limits, so that they are reached.
LIMITS = Limits(
    live_notifications_per_feed=12,
    target_policies_per_feed=2,
    feed_bytes=180,
    endpoints_per_user=3,
    deleted_endpoints_per_user=1,
)
PLENTY = 10**9


class ReplayedIds(RandomIds):
    """Ids that give the model's feeds the epochs that the store gave its own."""

    def __init__(self) -> None:
        super().__init__()
        self._epochs: deque[bytes] = deque()

    def echo(self, epochs: Iterable[bytes]) -> None:
        self._epochs.extend(epochs)

    def epoch(self) -> bytes:
        return self._epochs.popleft() if self._epochs else super().epoch()


class StoreAndModel:
    """A store and its model, compared at each call. `store` may be replaced by one on the same data."""

    def __init__(self, store: Store, feeds: Sequence[FeedKey]) -> None:
        self.store = store
        self._feeds = feeds
        self._ids = ReplayedIds()
        self.model = MemoryStore(ids=self._ids, encode=encode)
        #: The ids of all rows that were ever written.
        self._known: dict[FeedKey, set[str]] = {key: set() for key in feeds}

    async def commit(self, commands: Sequence[Command], now: int) -> None:
        """Commit commands, and assert that they take the next revisions, without a gap."""
        views: list[View] = []

        def decide_now(items: Sequence[Command], view: View) -> Decision[Result]:
            views.append(view)
            return decide(items, view, now=now, limits=LIMITS)

        told = await outcome(self.store.commit(commands, decide_now))
        await self._echo([command.read_set.feed for command in commands], views[0].feeds)
        expected = await outcome(self.model.commit(commands, decide_now))
        assert len(views) == 2, "decided more than once"
        assert normalized(views[0]) == normalized(views[1])
        assert normalized(told) == normalized(expected)
        if isinstance(told, Decision):
            self._learn(views[0], told)

    async def commit_endpoints(self, commands: Sequence[EndpointCommand], now: int) -> None:
        """Commit commands about endpoints."""
        views: list[EndpointView] = []

        def decide_now(
            items: Sequence[EndpointCommand], view: EndpointView
        ) -> EndpointDecision[EndpointResult]:
            views.append(view)
            return decide_endpoints(items, view, now=now, limits=LIMITS)

        told = await self.store.commit_endpoints(commands, decide_now)
        await self._echo([command.feed for command in commands], views[0].feeds)
        expected = await self.model.commit_endpoints(commands, decide_now)
        assert len(views) == 2, "decided more than once"
        assert normalized(views[0]) == normalized(views[1])
        assert normalized(told) == normalized(expected)

    async def record_activity(self, activities: Sequence[EndpointActivity]) -> None:
        """Record activities of endpoints."""
        await self.store.record_activity(activities)
        await self.model.record_activity(activities)

    async def purge(self, what: PurgeBounds) -> None:
        """Purge in steps until nothing is left to purge, and compare how much went; the order is free."""
        steps = [await _purge_all(store, what) for store in (self.store, self.model)]
        assert steps[0] == steps[1]

    async def read_both(self, read: Callable[[Store], Awaitable[T]]) -> T | type[Exception]:
        """Read from both, and return the store's answer, or the type of its error."""
        told, expected = await outcome(read(self.store)), await outcome(read(self.model))
        assert normalized(told) == normalized(expected)
        return told

    async def changes(
        self, key: FeedKey, *, after: int, known: int, limit: int, size: int
    ) -> Changes | type[Exception]:
        """Read a page of the net state."""
        return await self.read_both(
            lambda store: store.changes(key, after=after, known=known, limit=limit, max_bytes=size)
        )

    async def list_changes(
        self, key: FeedKey, audience: Audience | None, *, after: int, base: int, limit: int, looks: int
    ) -> ChangesPage | type[Exception]:
        """Read a page of what changed, of any size in bytes."""
        return await self.read_both(
            lambda store: store.list_changes(
                key,
                after=after,
                base=base,
                audience=audience,
                limit=limit,
                max_bytes=PLENTY,
                max_examined=looks,
            )
        )

    async def history(
        self, key: FeedKey, where: ListFilter, *, before: int | None, limit: int, size: int, looks: int
    ) -> HistoryPage | type[Exception]:
        """Read a page of the history."""
        return await self.read_both(
            lambda store: store.history(
                key, where, before=before, limit=limit, max_bytes=size, max_examined=looks
            )
        )

    async def find(self, key: FeedKey, names: Sequence[str]) -> None:
        """Read rows by `app_notification_id`, and two by their ids."""
        ids = sorted(self._known[key])[:2]
        told, expected = [await store.find(key, ids=ids, keys=names) for store in (self.store, self.model)]
        assert by_revision(told) == by_revision(expected)

    async def due(self, now: int, limit: int) -> Sequence[Due]:
        """Return what is due in the store; the model must have it, and as many up to `limit`."""
        told, expected = await self.store.due(now, limit), await self.model.due(now, PLENTY)
        assert set(told) <= set(expected)
        assert len(set(told)) == len(told) == min(limit, len(expected))
        return told

    async def compare(self) -> None:
        """Assert that all that is stored equals the model, and that its counters are right."""
        for key in self._feeds:
            found = await self.store.find(key, ids=sorted(self._known[key]))
            assert by_revision(found) == by_revision(self.model.rows(key))
            await self._compare_endpoints(key)
            page = await self.store.history(key, ListFilter(), before=None, limit=PLENTY, max_bytes=PLENTY)
            feed = await self.store.feed(key)
            assert feed == await self.model.feed(key)
            assert page.standing == (feed and Standing(feed.epoch, feed.revision))
            if feed is not None:
                recount(feed, found, [decoded(row) for row in page.rows])
                assert feed.endpoints == len(await self.store.endpoints(key))

    async def _compare_endpoints(self, key: FeedKey) -> None:
        told, expected = [await store.endpoints(key) for store in (self.store, self.model)]
        assert by_name(told) == by_name(expected)
        times = [endpoint.create_time for endpoint in told]
        assert times == sorted(times)

    def _learn(self, view: View, decision: Decision[Result]) -> None:
        for row in decision.rows:
            self._known[row.feed].add(row.id)
        for key, changes in decision.changes.items():
            first = view.feeds[key].revision + 1
            taken = [change.notification.revision for change in changes]
            assert taken == list(range(first, first + len(taken))), "a gap"

    async def _echo(self, keys: Sequence[FeedKey], feeds: Mapping[FeedKey, Feed]) -> None:
        """Give the model the epochs of new feeds, in the order in which it will ask for them."""
        new = [key for key in dict.fromkeys(keys) if await self.model.feed(key) is None]
        self._ids.echo(feeds[key].epoch for key in new)


def recount(feed: Feed, found: Sequence[Notification], live: Sequence[Notification]) -> None:
    """Assert that the counters of a feed equal a recount, and that its tombstones are above its floor."""
    revisions = [row.revision for row in found]
    assert by_revision(live) == by_revision([row for row in found if row.live])
    assert feed.live == len(live)
    assert feed.size == sum(size_of(row.payload or b"", row.target) for row in live)
    assert feed.unread == sum(row.counts_as_unread for row in live if not row.target.key)
    targets = Counter(row.target.key for row in live if row.target.key)
    unread = Counter(row.target.key for row in live if row.counts_as_unread)
    assert feed.targets == {key: Counts(count, unread[key]) for key, count in targets.items()}
    assert len(set(revisions)) == len(revisions), "a revision twice"
    assert max(revisions, default=0) <= feed.revision
    assert all(feed.floor < row.revision for row in found if not row.live)


async def _purge_all(store: Store, what: PurgeBounds) -> int:
    """Purge until nothing is left to purge, and return how much went."""
    gone = 0
    while step := await store.purge(what):
        assert step <= what.limit
        gone += step
    return gone
