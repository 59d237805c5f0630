"""Stores that break the contract of `store.base` in one way each, which the machine must find."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.contract.backends import SqliteBackend
from tests.support.encoding import encode
from unisono.server.clock import RandomIds
from unisono.server.errors import Unavailable
from unisono.server.model import LARGEST_INTEGER, Feed, FeedKey
from unisono.server.store.base import Encode, Store
from unisono.server.store.reads import (
    Changes,
    ChangesPage,
    EndpointActivity,
    HistoryPage,
    ListFilter,
    PurgeBounds,
)
from unisono.server.store.sqlite import SqliteStore

#: Purges one tombstone, and nothing else.
ONE = PurgeBounds(
    tombstones_before=LARGEST_INTEGER,
    tombstones_per_feed=LARGEST_INTEGER,
    endpoints_before=0,
    deletions_before=0,
    limit=1,
)


class ForgetsWhenOpened(SqliteStore):
    async def open(self) -> None:
        await super().open()
        await self.purge(ONE)


class Miscounts(SqliteStore):
    async def feed(self, key: FeedKey) -> Feed | None:
        feed = await super().feed(key)
        return feed and replace(feed, live=feed.live + feed.revision // 7)


class OverlooksGroups(SqliteStore):
    async def history(self, key: FeedKey, where: ListFilter, **bounds: Any) -> HistoryPage:
        return await super().history(key, replace(where, group_name=None), **bounds)


class CompleteTooSoon(SqliteStore):
    async def changes(self, *of: Any, **bounds: Any) -> Changes:
        return replace(await super().changes(*of, **bounds), complete=True)


class SkipsAfterPages(SqliteStore):
    async def list_changes(self, *of: Any, **bounds: Any) -> ChangesPage:
        page = await super().list_changes(*of, **bounds)
        return replace(page, resume_after=page.resume_after and page.resume_after + 1)


class KeepsSessions(SqliteStore):
    async def record_activity(self, activities: Sequence[EndpointActivity]) -> None:
        await super().record_activity([replace(sign, ended_session="") for sign in activities])


class HidesTrouble(SqliteStore):
    async def record_activity(self, activities: Sequence[EndpointActivity]) -> None:
        with contextlib.suppress(Unavailable):
            await super().record_activity(activities)


BROKEN = (
    ForgetsWhenOpened,
    Miscounts,
    OverlooksGroups,
    CompleteTooSoon,
    SkipsAfterPages,
    KeepsSessions,
    HidesTrouble,
)


@dataclass(frozen=True)
class BrokenBackend(SqliteBackend):
    """A backend whose store on a file is a broken one."""

    kind: type[SqliteStore]

    def store(self, encode: Encode = encode) -> Store:
        return self.kind(self.path, ids=RandomIds(), encode=encode, busy_timeout=20)
