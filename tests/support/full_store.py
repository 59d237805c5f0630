"""Stores that are full when a test says so: they can be read, and nothing can be written."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from tests.support.ids import SequentialIds
from tests.support.memory_store import MemoryStore
from unisono.server.api.convert import encoding
from unisono.server.errors import OutcomeUnknown, Reason, Unavailable
from unisono.server.model import FeedKey
from unisono.server.store.commit import Decision
from unisono.server.store.reads import Bar, EndpointActivity
from unisono.server.store.sqlite import SqliteStore

Decide = Callable[..., Any]


def full() -> Unavailable:
    """Return the error of a store on a full disk."""
    return Unavailable(Reason.STORE_FULL, "the disk of the server is full, so that nothing can be written")


class FullStore(MemoryStore):
    """Raises `error` instead of writing; where that is an `OutcomeUnknown`, it has been written."""

    def __init__(self) -> None:
        super().__init__(ids=SequentialIds(), encode=encoding.encode_row)
        self.error: Unavailable | None = None
        #: Set when a write has failed.
        self.failed = asyncio.Event()

    async def commit(self, items: Sequence[Any], decide: Decide) -> Any:
        return await super().commit(items, self._refusing(decide))

    async def commit_endpoints(self, items: Sequence[Any], decide: Decide) -> Any:
        if isinstance(self.error, OutcomeUnknown):
            await super().commit_endpoints(items, decide)
        return await super().commit_endpoints(items, self._refusing(decide))

    async def record_activity(self, activities: Sequence[EndpointActivity]) -> None:
        if self.error is not None:
            raise self.error
        await super().record_activity(activities)

    def _refusing(self, decide: Decide) -> Decide:
        return decide if self.error is None else refusing(decide, self.error, self.failed.set)


class FullSqliteStore(SqliteStore):
    """A store in a file that has no room while `full` is set."""

    full: bool = False

    async def commit(self, items: Sequence[Any], decide: Decide) -> Any:
        return await super().commit(items, self._refusing(decide))

    async def commit_endpoints(self, items: Sequence[Any], decide: Decide) -> Any:
        return await super().commit_endpoints(items, self._refusing(decide))

    async def record_activity(self, activities: Sequence[EndpointActivity]) -> None:
        if self.full:
            raise full()
        await super().record_activity(activities)

    async def detach_feed(self, key: FeedKey, bar: Bar | None) -> int | None:
        if self.full and (bar is not None or await self.feed(key) is not None):
            raise full()
        return await super().detach_feed(key, bar)

    def _refusing(self, decide: Decide) -> Decide:
        return refusing(decide, full()) if self.full else decide


def refusing(decide: Decide, error: Unavailable, failed: Callable[[], None] = lambda: None) -> Decide:
    """Return `decide` for a store that cannot write: it raises `error` where something is to be written."""

    def decided(items: Sequence[Any], view: Any) -> Any:
        decision = decide(items, view)
        written = decision.rows if isinstance(decision, Decision) else decision.endpoints or decision.removed
        if written:
            failed()
            raise error
        return decision

    return decided
