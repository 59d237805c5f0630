"""The machine of a store with all rules: writes, faults, and the reads of this module."""

from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.guarantees.stateful.normalize import by_name
from tests.guarantees.stateful.random_endpoints import NAMES
from tests.guarantees.stateful.store_and_model import PLENTY
from tests.guarantees.stateful.store_troubles import StoreTroubles
from tests.guarantees.stateful.store_writes import feeds, seeds
from tests.support.random_commands import GROUPS, KEYS, LAPTOP, PHONE
from unisono.server.model import (
    Audience,
    Endpoint,
    Feed,
    FeedKey,
    Notification,
    Platform,
    ReadState,
    UserActionState,
)
from unisono.server.store.base import Store
from unisono.server.store.reads import (
    Changes,
    ChangesPage,
    EncodedRow,
    HistoryPage,
    Inspected,
    ListFilter,
)

AUDIENCES = (LAPTOP, PHONE, Audience("tv", Platform.WEB))

keys = st.sampled_from((*KEYS, "", "unknown"))
tenths = st.sampled_from((0, 3, 7, 10))
limits = st.integers(1, 6)
looks = st.integers(2, 24)
audiences = st.sampled_from((None, *AUDIENCES))
sizes = st.sampled_from((0, 1, 3, 6, PLENTY))


class StoreMachine(StoreTroubles):
    """A machine of a store and its model, which must answer alike whatever happens."""

    @rule(feed=feeds, passed=tenths, behind=tenths, limit=limits, size=sizes)
    def read_changes(self, feed: FeedKey, passed: int, behind: int, limit: int, size: int) -> None:
        self.run(self._read_changes(feed, passed, behind, limit, size))

    @rule(feed=feeds, audience=audiences, passed=tenths, behind=tenths, limit=limits, looks=looks)
    def list_changes(
        self, feed: FeedKey, audience: Audience | None, passed: int, behind: int, limit: int, looks: int
    ) -> None:
        self.run(self._list_changes(feed, audience, passed, behind, limit, looks))

    @rule(seed=seeds, feed=feeds, limit=limits, size=sizes, looks=limits)
    def read_history(self, seed: int, feed: FeedKey, limit: int, size: int, looks: int) -> None:
        self.run(self._read_history(feed, self._filter(seed), limit, size, looks))

    @rule(feed=feeds, keys=st.lists(keys, max_size=3), name=st.sampled_from(NAMES))
    def look_up(self, feed: FeedKey, keys: list[str], name: str) -> None:
        self.run(self.stores.find(feed, keys))
        self.run(self.stores.read_both(lambda store: store.feed_and_endpoint(feed, name)))
        self.run(self.stores.read_both(lambda store: store.standing(feed, name)))
        self.run(self._inspect(feed, keys))

    async def _inspect(self, key: FeedKey, names: list[str]) -> None:
        """Inspect what is named, and all pages of two."""
        await self.stores.read_both(
            partial(_inspected, key, Inspected(ids=names, keys=names, limit=2, endpoints=100))
        )
        before: int | None = None
        while True:
            what = Inspected(before=before, limit=2, endpoints=100)
            found = await self.stores.read_both(partial(_inspected, key, what))
            live = [row for row in found[-1] if row.live] if isinstance(found, tuple) else []
            if not live:
                return
            before = live[-1].create_revision

    async def _read_changes(self, key: FeedKey, passed: int, behind: int, limit: int, size: int) -> None:
        """Read from some tenths of the feed on to its end, as a device that was complete before does."""
        feed = await self.stores.model.feed(key)
        after = (feed.revision if feed else 0) * passed // 10
        known = max(after - behind, 0)
        while True:
            page = await self.stores.changes(key, after=after, known=known, limit=limit, size=size)
            if not isinstance(page, Changes) or page.complete:
                return
            after = page.rows[-1].revision

    async def _list_changes(
        self, key: FeedKey, audience: Audience | None, passed: int, behind: int, limit: int, looks: int
    ) -> None:
        """Read pages to the end of the feed, and compare them with one long page."""
        feed = await self.stores.model.feed(key)
        first = after = (feed.revision if feed else 0) * passed // 10
        base = max(first - behind, 0)
        found: list[EncodedRow] = []
        while True:
            page = await self.stores.list_changes(
                key, audience, after=after, base=base, limit=limit, looks=looks
            )
            assert isinstance(page, ChangesPage)
            found += page.rows
            if page.resume_after is None:
                break
            after = page.resume_after
        whole = await self.stores.list_changes(
            key, audience, after=first, base=base, limit=PLENTY, looks=PLENTY
        )
        assert isinstance(whole, ChangesPage)
        assert found == list(whole.rows)

    async def _read_history(self, key: FeedKey, where: ListFilter, limit: int, size: int, looks: int) -> None:
        """Read pages from the newest to the oldest, and compare them with one long page."""
        found: list[EncodedRow] = []
        before = None
        while True:
            page = await self.stores.history(key, where, before=before, limit=limit, size=size, looks=looks)
            assert isinstance(page, HistoryPage)
            found += page.rows
            before = page.resume_before
            if before is None:
                break
        whole = await self.stores.history(key, where, before=None, limit=PLENTY, size=PLENTY, looks=PLENTY)
        assert isinstance(whole, HistoryPage)
        assert found == list(whole.rows)

    def _filter(self, seed: int) -> ListFilter:
        self.random.seed(seed)
        pick = self.random.choice
        start = self.now - pick((0, 3_000, 90_000))
        return ListFilter(
            read_state=pick((None, None, *ReadState)),
            user_action_state=pick((None, None, None, *UserActionState)),
            group_name=pick((None, None, *GROUPS)),
            category=pick((None, None, None, "", "mention")),
            start_time=pick((None, None, start)),
            end_time=pick((None, None, start + 1)),
            audience=pick((None, *AUDIENCES)),
        )


async def _inspected(
    key: FeedKey, what: Inspected, store: Store
) -> tuple[Feed, list[Endpoint], list[Endpoint], list[Notification]] | None:
    found = await store.inspect(key, what)
    if found is None:
        return None
    return found.feed, by_name(found.endpoints), list(found.deleted_endpoints), list(found.rows)
