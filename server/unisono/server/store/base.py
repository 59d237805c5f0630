"""The interface of a store: its reads, its commits and what it promises.

Every adapter promises, and `tests/contract` checks:

- **Atomic, durable, serial.** A call of `commit` or `commit_endpoints` takes effect as a whole or not at all,
  is on the disk when it returns (the promise Durable), and acts as if such calls came one after the other.
- **One snapshot.** Each read sees one committed state: rows, counters and floor belong together.
- **Errors.** Every call may raise `Unavailable`: nothing was changed, and trying again may help. A call that
  writes may also raise `OutcomeUnknown`: the commit may have happened; or `BatchRejected`: nothing was
  changed, and the data of some item is at fault. The caller runs the items one by one to find which.
- **Cancellation.** A call whose caller is cancelled leaves no transaction open and no connection busy. A
  commit that has begun goes on.
- **Versions.** A store says which version it has, and which servers may use it.
  `unisono.server.store.migrating` says what follows for migrations, and for servers of two releases on one
  store.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from unisono.server.model import Audience, Endpoint, Feed, FeedKey, Notification
from unisono.server.store.commit import (
    Decision,
    EndpointDecision,
    EndpointItem,
    EndpointView,
    Item,
    View,
)
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

Encode = Callable[[Notification], bytes]
"""Encodes all that events and history pages show of a notification, but for its payload.

A store is made with one encoder, calls it for each row that it writes, and saves the opaque result beside the
row, so that catch-up and history need not encode (`docs/decisions/0009-stores-keep-encodings.md`).
"""

WithFeed = Callable[[bytes, FeedKey], bytes]
"""Returns what an `Encode` made of a row, with this feed in place of the one that it named.

Encodings that are stored are not written anew where the users of an app are renamed. What a store returns
names the feed as it is now.
"""

R = TypeVar("R")
ItemT = TypeVar("ItemT", bound="Item")
EndpointItemT = TypeVar("EndpointItemT", bound="EndpointItem")


class StoreError(Exception):
    """The store cannot be opened or used as configured. The message is for the operator."""


class BatchRejected(Exception):
    """The database refuses the data of a batch. Nothing was changed; the driver's error is the cause."""


class Store(Protocol):
    """Durable storage of feeds, notifications and endpoints; see the module for what holds for all calls."""

    @property
    def epoch(self) -> bytes:
        """The eight random bytes that identify this store. A restore makes new ones.

        Positions of another epoch are void.
        """

    @property
    def bar_key(self) -> bytes:
        """The random bytes, at most 64, with which this store's bars are hashed; known once it is open.

        A backup has them, and a restore leaves them as they are.
        """

    @property
    def prefixes(self) -> Mapping[str, Sequence[str]]:
        """For each app whose users were renamed, the prefixes that their ids got, the last one first.

        Known once the store is open. A user who begins after a rename may have the prefix all the same.
        """

    @property
    def failures(self) -> int:
        """How many calls have raised `Unavailable` so far, as the store could not be used or has no room."""

    async def check(self, *, write: bool) -> None:
        """Raise `Unavailable` where the store cannot be used now, as far as can be seen.

        Whether what reads and what writes answers, and what is stored is in its place, costs next to nothing.
        With `write` it also reads, and writes to the disk what changes nothing.
        """

    async def open(self) -> None:
        """Open the store. Raises `StoreError` when it cannot be opened, with everything closed again."""

    async def close(self) -> None:
        """Finish the calls that have begun, then release all resources. Idempotent."""

    async def commit(
        self, items: Sequence[ItemT], decide: Callable[[Sequence[ItemT], View], Decision[R]]
    ) -> Decision[R]:
        """Read what the items ask for, decide, and write the decision, in one transaction.

        Returns the decision, with `work` filled in. `decide` receives the items and the view of their read
        sets. It is called once, perhaps on another thread, and must be pure; what it raises rolls back and is
        passed on.
        """

    async def commit_endpoints(
        self,
        items: Sequence[EndpointItemT],
        decide: Callable[[Sequence[EndpointItemT], EndpointView], EndpointDecision[R]],
    ) -> EndpointDecision[R]:
        """Read endpoints, decide, and write the decision, in one transaction.

        Returns the decision, with `work` filled in. `decide` is called as by `commit`.
        """

    async def record_activity(self, activities: Sequence[EndpointActivity]) -> None:
        """Record the activity of endpoints in one transaction, each merged with what is stored.

        Times (ms since 1970) and acknowledged revisions never decrease. A revision that another registration
        of the id acknowledged, and unknown and deleted endpoints, are ignored. Repeating the call is safe.
        """

    async def feed(self, key: FeedKey) -> Feed | None:
        """Return the feed with its counters, or None where nothing is stored of it: never used, or purged."""

    async def feed_and_endpoint(self, key: FeedKey, endpoint_id: str) -> tuple[Feed | None, Endpoint | None]:
        """Return a feed and one of its endpoints, from one snapshot; None for what does not exist.

        A deleted endpoint that is still remembered is returned, with its `delete_time`.
        """

    async def standing(self, key: FeedKey, endpoint_id: str) -> tuple[Standing | None, Endpoint | None]:
        """Return a feed's epoch and revision, and one of its endpoints, as `feed_and_endpoint` does.

        Sessions call this at each heartbeat: the counters of a feed, left out here, may be many.
        """

    async def changes(
        self,
        key: FeedKey,
        *,
        after: int,
        known: int,
        limit: int,
        max_bytes: int,
    ) -> Changes:
        """Return a page of the net state after revision `after`: live rows and tombstones, of any target.

        A row comes with its payload where `content_revision > known`. A page has at most `limit` rows and
        `max_bytes` of payloads, but at least one row if there is any. Raises `LookupError` where there is no
        feed.
        """

    async def find(
        self, key: FeedKey, *, ids: Sequence[str] = (), keys: Sequence[str] = ()
    ) -> Sequence[Notification]:
        """Return rows by id and by `app_notification_id`, each once, with payloads, in no particular order.

        An id finds a live row or a tombstone; a key finds, for each sender role, the live row and the newest
        tombstone. Names without a row are left out.
        """

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
        """Return a page of live rows below create_revision `before` (None: all), newest first, with payloads.

        A page has at most `limit` rows and `max_bytes` of payloads, but at least one row if one passes. With
        a filter, it examines at most `max_examined` rows, or `limit` if that is more, and may then be empty
        though more follow.
        """

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
        """Return a page of rows with revisions above `after`, lowest first: live ones, with payloads, and
        tombstones with revisions above `base`; with an audience, only what is meant for it.

        A page has at most `limit` rows and `max_bytes` of payloads, but at least one row if one passes. It
        examines at most `max_examined` rows, or twice `limit` if that is more: one half of the live ones
        created after `after`, the other of those changed since they were created. It may then be empty though
        more follow.
        """

    async def inspect(self, key: FeedKey, what: Inspected) -> Inspection | None:
        """Return what there is of a feed, for who asks what became of it; None where there is no feed."""

    async def endpoints(self, key: FeedKey) -> Sequence[Endpoint]:
        """Return the endpoints of a user that are not deleted, in the order of registration; may be empty."""

    async def first_user(self, app_id: str, at_least: str = "") -> str | None:
        """Return the first user of an app in the order of ids, from `at_least` on; None where there is none.

        The order is that of code points.
        """

    async def due(self, now: int, limit: int) -> Sequence[Due]:
        """Return at most `limit` live notifications that are due, the longest due first.

        Due at `now` (ms since 1970) are those with `expire_time <= now`, and those snoozed with `snooze_until
        <= now`.
        """

    async def contents(self, most: int) -> StoreContents:
        """Return what the store holds: of feeds, and what is in them, as many as `most` are counted."""

    async def purge(self, what: PurgeBounds) -> int:
        """Delete rows for good as retention says, and return how many; 0 means that none are left to delete.

        A purged tombstone raises its feed's floor to its revision in the same transaction; within a feed,
        lower revisions go first. A purged endpoint that was not deleted lowers its feed's number of
        endpoints, where that is known. A feed that loses its last tombstone or endpoint here, and has nothing
        live, is deleted with it: the next commit begins another feed, with another epoch.
        """

    async def detach_feed(self, key: FeedKey, bar: Bar | None) -> int | None:
        """Take a feed away, in one commit: nobody finds it or anything in it by its key any more.

        Returns the number under which it is erased, None where there is no feed. The next commit begins
        another feed, with another epoch. In any case the bar is stored, if there is one; of one that is
        stored already, the later end counts.
        """

    async def detached_feeds(self) -> Sequence[int]:
        """Return the numbers of the feeds that were taken away and are not forgotten yet."""

    async def bars(self) -> Sequence[Bar]:
        """Return all bars, also those that have ended and are not purged yet."""

    async def erase(self, feed: int, limit: int) -> bool:
        """Delete at most `limit` rows of a feed that was taken away, for good; see `forget`.

        Returns whether it has no more rows.
        """

    async def forget(self, feeds: Sequence[int]) -> bool:
        """Make sure that no file of the store has anything of these feeds, of which all rows are erased.

        Returns False while that is not possible, as somebody reads an older state of the store; otherwise the
        numbers of the feeds are gone, too. Backups are the operator's.
        """
