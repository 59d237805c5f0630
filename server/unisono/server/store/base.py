"""The contract of a store: what it reads, how it commits, what it promises. Knows no SQL.

What every adapter promises, and `tests/contract` checks:

- **Atomic, durable, serial.** A call of `commit` or `commit_endpoints` takes effect as a whole or not
  at all, is on the disk when it returns, and the calls act as if one came after the other.
- **One snapshot.** Each read sees one committed state: rows, counters and floor belong together.
- **Errors.** `Unavailable` means that nothing was changed and that trying again may help;
  `OutcomeUnknown` that the commit may have happened. `BatchRejected` means that nothing was changed and
  that the data of some item is at fault: the caller runs the items one by one to find whose.
- **Cancellation.** No call leaves a transaction open or a connection busy when its caller is cancelled;
  a commit that has begun goes on.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from unisono.server.model import Endpoint, Feed, FeedKey, Notification
from unisono.server.store.commit import (
    Decision,
    EndpointDecision,
    EndpointItem,
    EndpointView,
    Item,
    View,
)
from unisono.server.store.reads import (
    LOOKS,
    Changes,
    Due,
    EndpointActivity,
    HistoryPage,
    ListFilter,
    Retention,
    Standing,
)

Encode = Callable[[Notification], bytes]
"""How a notification is sent, but for its payload: what a store keeps beside it, so that whoever catches up
is served without taking it apart. A store is made with one, and looks into nothing that it returns."""

R = TypeVar("R")
ItemT = TypeVar("ItemT", bound="Item")
EndpointItemT = TypeVar("EndpointItemT", bound="EndpointItem")


class StoreError(Exception):
    """The store cannot be opened or used as asked. The message is for the operator."""


class BatchRejected(Exception):
    """The database refuses the data of a batch. Nothing was changed; the cause is chained."""


class Store(Protocol):
    """Where feeds, notifications and endpoints are kept."""

    @property
    def epoch(self) -> bytes:
        """Eight bytes, new after a restore: positions of another epoch mean nothing here."""

    async def open(self) -> None:
        """Get ready. Raises `StoreError` with a message for the operator."""

    async def close(self) -> None:
        """Finish what has begun, and let go. Idempotent."""

    async def commit(
        self, items: Sequence[ItemT], decide: Callable[[Sequence[ItemT], View], Decision[R]]
    ) -> Decision[R]:
        """Read what the items want to see, decide, write, and return what was decided.

        `decide` is called once, perhaps on another thread, and must be pure.
        """

    async def commit_endpoints(
        self,
        items: Sequence[EndpointItemT],
        decide: Callable[[Sequence[EndpointItemT], EndpointView], EndpointDecision[R]],
    ) -> EndpointDecision[R]:
        """The same for endpoints."""

    async def record_activity(self, activities: Sequence[EndpointActivity]) -> None:
        """Write signs of life. Unknown and deleted endpoints are passed over."""

    async def feed(self, key: FeedKey) -> Feed | None:
        """The feed, if anything ever happened in it."""

    async def feed_and_endpoint(self, key: FeedKey, endpoint_id: str) -> tuple[Feed | None, Endpoint | None]:
        """Both in one snapshot. Deleted endpoints are returned."""

    async def standing(self, key: FeedKey, endpoint_id: str) -> tuple[Standing | None, Endpoint | None]:
        """The same without the counters, which may be many: what a session asks at each tick."""

    async def changes(
        self,
        key: FeedKey,
        *,
        after: int,
        known: int,
        limit: int,
        max_bytes: int,
    ) -> Changes:
        """The net state after revision `after`: live rows and tombstones, for whomever they are meant.

        Payloads come with rows whose `content_revision > known`. At most `limit` rows, and no more
        payload than `max_bytes`, but at least one row. Raises `LookupError` where there is no feed.
        """

    async def find(
        self, key: FeedKey, *, ids: Sequence[str] = (), keys: Sequence[str] = ()
    ) -> Sequence[Notification]:
        """Rows by id and by `app_notification_id`, with payloads, in no order.

        By id also tombstones; by key, of each role what is live and the newest tombstone.
        """

    async def history(
        self,
        key: FeedKey,
        where: ListFilter,
        *,
        before: int | None,
        limit: int,
        max_bytes: int,
        looks: int = LOOKS,
    ) -> HistoryPage:
        """Live rows, newest `create_revision` first, those below `before`, with payloads.

        At most `limit`, and no more payload than `max_bytes`, but at least one if there is any among the
        rows that are looked at: with a filter, no more than `looks`, or `limit` if that is more.
        """

    async def endpoints(self, key: FeedKey) -> Sequence[Endpoint]:
        """The endpoints of a user that are not deleted, in the order of registration."""

    async def due(self, now: int, limit: int) -> Sequence[Due]:
        """Live notifications with `expire_time <= now`, or snoozed with `snooze_until <= now`."""

    async def purge(self, what: Retention) -> int:
        """Delete for good what retention says; return how many rows went. 0: nothing is left to do.

        A purged tombstone raises its feed's floor to its revision, in the same transaction; within a
        feed, lower revisions go first. A feed that has lost its last tombstone or endpoint, and has
        nothing live, goes with it: the next commit begins another one, with another epoch.
        """
