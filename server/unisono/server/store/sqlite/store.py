"""The store on one SQLite file: puts its parts together."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import Final, TypeVar

from unisono.server.clock import Ids
from unisono.server.model import Audience, Endpoint, Feed, FeedKey, Notification
from unisono.server.store.base import Encode, WithFeed
from unisono.server.store.commit import (
    Decision,
    EndpointDecision,
    EndpointItem,
    EndpointView,
    Item,
    View,
)
from unisono.server.store.metrics import StoreMetrics
from unisono.server.store.reads import (
    MAX_EXAMINED_ROWS,
    Bar,
    Changes,
    ChangesPage,
    Due,
    EndpointActivity,
    HistoryPage,
    Inspected,
    Inspection,
    ListFilter,
    PurgeBounds,
    Standing,
    StoreContents,
)
from unisono.server.store.sqlite import (
    changed,
    checks,
    contents,
    endpoints,
    erasure,
    inspection,
    paging,
    queries,
    retention,
)
from unisono.server.store.sqlite.commit import commit_batch
from unisono.server.store.sqlite.feed_cache import FeedCache
from unisono.server.store.sqlite.file import LOG_STEP, File, lengthen_log
from unisono.server.store.sqlite.readers import NOBODY, Readers
from unisono.server.store.sqlite.writer import Constants, Writer

R = TypeVar("R")
ItemT = TypeVar("ItemT", bound=Item)
EndpointItemT = TypeVar("EndpointItemT", bound=EndpointItem)
PageT = TypeVar("PageT", Changes, HistoryPage, ChangesPage)


class SqliteStore:
    """A `Store` in the SQLite file `path`, which one server uses at a time.

    One thread writes, and `readers` connections read beside it. `busy_timeout` is how long to wait, in
    milliseconds, for another program that holds the file. `encode` is called on the thread that writes;
    `with_feed` only for users who were renamed, and without it rows are returned as they were encoded.
    """

    def __init__(
        self,
        path: Path,
        *,
        ids: Ids,
        encode: Encode,
        with_feed: WithFeed = lambda encoded, _: encoded,
        readers: int = 2,
        busy_timeout: int = 2000,
    ) -> None:
        self.metrics: Final = StoreMetrics()
        self._path = path = path.resolve()
        self._ids = ids
        self._encode = encode
        self._with_feed = with_feed
        self._constants = Constants()
        self._feed_cache = FeedCache()
        self._writer = Writer(partial(File, path, ids, busy_timeout=busy_timeout), self.metrics)
        self._readers = Readers(path, readers, self.metrics, busy_timeout=busy_timeout)

    @property
    def epoch(self) -> bytes:
        """See `Store.epoch`; empty before `open`."""
        return self._constants.epoch

    @property
    def bar_key(self) -> bytes:
        """See `Store.bar_key`; empty before `open`."""
        return self._constants.bar_key

    @property
    def prefixes(self) -> Mapping[str, Sequence[str]]:
        """See `Store.prefixes`; empty before `open`."""
        return self._constants.prefixes

    async def open(self) -> None:
        """Lock the file, create it if missing, clear the sessions of its endpoints, and start the threads.

        Raises `StoreError` when the file is in use, not a store, or of another version. A store that was
        closed, or failed to open, cannot be opened again: that raises `Unavailable`.
        """
        try:
            self._constants = await self._writer.open()
            await self._readers.open()
        except BaseException:
            await self.close()
            raise

    @property
    def failures(self) -> int:
        """See `Store.failures`."""
        return self.metrics.failures.total()

    async def check(self, *, write: bool) -> None:
        """See `Store.check`. The files of the store are looked at whenever something is to be written."""
        await self._readers.read(NOBODY, checks.read if write else checks.nothing)
        await self._writer.run(checks.write if write else checks.nothing)

    async def close(self) -> None:
        """See `Store.close`. Goes on when the caller is cancelled."""
        await asyncio.shield(self._close())

    async def _close(self) -> None:
        # The readers first: the last connection to go writes the log back into the file.
        await self._readers.close()
        await self._writer.close()

    async def commit(
        self, items: Sequence[ItemT], decide: Callable[[Sequence[ItemT], View], Decision[R]]
    ) -> Decision[R]:
        """See `Store.commit`. `decide` is called on the thread that writes."""

        def work(connection: Connection) -> Decision[R]:
            began = time.thread_time()
            decision = commit_batch(connection, items, decide, self._feed_cache, self._ids, self._encode)
            return replace(decision, work=time.thread_time() - began)

        return await self._writer.run(work)

    async def commit_endpoints(
        self,
        items: Sequence[EndpointItemT],
        decide: Callable[[Sequence[EndpointItemT], EndpointView], EndpointDecision[R]],
    ) -> EndpointDecision[R]:
        """See `Store.commit_endpoints`. `decide` is called on the thread that writes."""

        def work(connection: Connection) -> EndpointDecision[R]:
            began = time.thread_time()
            decision = endpoints.commit_endpoints(connection, items, decide, self._feed_cache, self._ids)
            return replace(decision, work=time.thread_time() - began)

        return await self._writer.run(work)

    async def record_activity(self, activities: Sequence[EndpointActivity]) -> None:
        """See `Store.record_activity`."""
        await self._writer.run(lambda connection: endpoints.record_activity(connection, activities))

    async def feed(self, key: FeedKey) -> Feed | None:
        """See `Store.feed`."""
        return await queries.read_feed(self._readers, key)

    async def feed_and_endpoint(self, key: FeedKey, endpoint_id: str) -> tuple[Feed | None, Endpoint | None]:
        """See `Store.feed_and_endpoint`."""
        return await queries.read_feed_and_endpoint(self._readers, key, endpoint_id)

    async def standing(self, key: FeedKey, endpoint_id: str) -> tuple[Standing | None, Endpoint | None]:
        """See `Store.standing`."""
        return await queries.read_standing(self._readers, key, endpoint_id)

    async def changes(
        self,
        key: FeedKey,
        *,
        after: int,
        known: int,
        limit: int,
        max_bytes: int,
    ) -> Changes:
        """See `Store.changes`."""
        page = await paging.read_changes(
            self._readers, key, after=after, known=known, limit=limit, max_bytes=max_bytes
        )
        return self._named(key, page)

    async def find(
        self, key: FeedKey, *, ids: Sequence[str] = (), keys: Sequence[str] = ()
    ) -> Sequence[Notification]:
        """See `Store.find`."""
        return await queries.find(self._readers, key, ids, keys)

    async def history(
        self,
        key: FeedKey,
        where: ListFilter,
        *,
        before: int | None,
        limit: int,
        max_bytes: int,
        max_examined: int = MAX_EXAMINED_ROWS,
    ) -> HistoryPage:
        """See `Store.history`."""
        page = await paging.read_history(
            self._readers,
            key,
            where,
            before=before,
            limit=limit,
            max_bytes=max_bytes,
            max_examined=max_examined,
        )
        return self._named(key, page)

    async def list_changes(
        self,
        key: FeedKey,
        *,
        after: int,
        base: int,
        audience: Audience | None,
        limit: int,
        max_bytes: int,
        max_examined: int = MAX_EXAMINED_ROWS,
    ) -> ChangesPage:
        """See `Store.list_changes`."""
        page = await changed.read_changed(
            self._readers,
            key,
            after=after,
            base=base,
            audience=audience,
            limit=limit,
            max_bytes=max_bytes,
            max_examined=max_examined,
        )
        return self._named(key, page)

    async def inspect(self, key: FeedKey, what: Inspected) -> Inspection | None:
        """See `Store.inspect`."""
        return await inspection.inspect(self._readers, key, what)

    async def endpoints(self, key: FeedKey) -> Sequence[Endpoint]:
        """See `Store.endpoints`."""
        return await queries.read_endpoints(self._readers, key)

    async def first_user(self, app_id: str, at_least: str = "") -> str | None:
        """See `Store.first_user`."""
        return await queries.read_first_user(self._readers, app_id, at_least)

    async def due(self, now: int, limit: int) -> Sequence[Due]:
        """See `Store.due`."""
        return await queries.read_due(self._readers, now, limit)

    async def contents(self, most: int) -> StoreContents:
        """See `Store.contents`."""
        return await contents.read_contents(self._readers, self._path, most)

    async def purge(self, what: PurgeBounds) -> int:
        """See `Store.purge`."""
        return await self._writer.run(lambda connection: retention.purge(connection, self._feed_cache, what))

    async def detach_feed(self, key: FeedKey, bar: Bar | None) -> int | None:
        """See `Store.detach_feed`."""
        return await self._writer.run(
            lambda connection: erasure.detach(connection, self._feed_cache, key, bar)
        )

    async def bars(self) -> Sequence[Bar]:
        """See `Store.bars`."""
        return await erasure.read_bars(self._readers)

    async def detached_feeds(self) -> Sequence[int]:
        """See `Store.detached_feeds`."""
        return await erasure.read_detached(self._readers)

    async def erase(self, feed: int, limit: int) -> bool:
        """See `Store.erase`."""
        return await self._writer.run(lambda connection: erasure.erase(connection, feed, limit))

    async def forget(self, feeds: Sequence[int]) -> bool:
        """See `Store.forget`."""
        forgotten = await self._writer.run(lambda connection: erasure.forget(connection, feeds))
        while forgotten and await self._writer.run(lambda _: lengthen_log(self._path, LOG_STEP)):
            pass
        return forgotten

    def _named(self, key: FeedKey, page: PageT) -> PageT:
        """Return a page of which the rows name the feed as it is now: some may be older than its name."""
        if key.app_id not in self._constants.prefixes:
            return page
        named = [row._replace(encoded=self._with_feed(row.encoded, key)) for row in page.rows]
        return replace(page, rows=named)
