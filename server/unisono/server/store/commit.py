"""What a commit reads, sees and decides: the words between `core` and the stores. Knows no SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Generic, NamedTuple, Protocol, TypeVar

from unisono.server.errors import UnisonoError
from unisono.server.model import Audience, Change, Endpoint, Feed, FeedKey, Notification
from unisono.server.model.value import value
from unisono.server.store.reads import LOOKS

R = TypeVar("R")


@value(frozen=True, slots=True, kw_only=True)
class Scan:
    """Live notifications of a feed in the order of creation, for marking many.

    Those with `after < create_revision <= until`, of the group (None: any), meant for the audience
    (None: any), at most `limit` of them. One that is narrowed looks at no more than `looks` rows, or
    `limit` if that is more.
    """

    group_name: str | None = None
    audience: Audience | None = None
    after: int = 0
    until: int
    limit: int = 500
    looks: int = LOOKS

    @property
    def narrowed(self) -> bool:
        """Whether it may pass over rows."""
        return self.group_name is not None or self.audience is not None


class Scanned(NamedTuple):
    """The ids that a scan found, in order, and the create_revision that it got to: None, the end."""

    ids: tuple[str, ...] = ()
    resume_after: int | None = None


class SendKey(NamedTuple):
    """What a send looks for: what is live with its `app_notification_id`, and what had its content."""

    key: str
    fingerprint: bytes


@value(frozen=True, slots=True, kw_only=True)
class ReadSet:
    """What an item of a commit wants to see of its feed before it is decided.

    Rows by id; by an `app_notification_id`, of each role what is live and the newest tombstone (`keys`),
    or what is live and the tombstones of the same fingerprint (`sends`); and a scan. What else has had
    the key is passed over, however much that is. Payloads are read only when `payload` says so.
    """

    feed: FeedKey
    ids: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    sends: tuple[SendKey, ...] = ()
    scan: Scan | None = None
    payload: bool = False

    @property
    def named(self) -> bool:
        """Whether it names any row."""
        return bool(self.ids or self.keys or self.sends)


class Item(Protocol):
    """One thing to commit."""

    @property
    def read_set(self) -> ReadSet: ...


@value(frozen=True, slots=True, kw_only=True)
class View:
    """What the store holds of what the items of a batch want to see, under lock.

    `feeds` has each feed of the batch; one that does not exist yet has revision 0 and a new epoch.
    `rows` has what was read, by feed. `scans` has what the scan of item i found.
    """

    feeds: Mapping[FeedKey, Feed]
    rows: Mapping[FeedKey, Sequence[Notification]]
    scans: Mapping[int, Scanned] = field(default_factory=dict)


@value(frozen=True, slots=True, kw_only=True)
class Decision(Generic[R]):
    """What becomes of a batch.

    `outcomes` has one for each item: its result, or the error that it alone gets. `feeds` and `rows`
    are what to write, each in its last form: a row is new, or was in the view and keeps what it got at
    its creation (key, role, target). Each has a revision of its own, a removed one a later one than that
    of its creation. `changes` are all revisions taken, in order, by feed. `work` is what the store adds:
    the seconds of a processor that the commit took, without what it waited for; 0 where it does not know.
    """

    outcomes: Sequence[R | UnisonoError]
    feeds: Sequence[Feed] = ()
    rows: Sequence[Notification] = ()
    changes: Mapping[FeedKey, Sequence[Change]] = field(default_factory=dict)
    work: float = field(default=0.0, compare=False)


class EndpointItem(Protocol):
    """One thing to commit about an endpoint."""

    @property
    def feed(self) -> FeedKey: ...
    @property
    def endpoint_id(self) -> str: ...


@value(frozen=True, slots=True, kw_only=True)
class EndpointView:
    """The endpoints of the feeds of a batch: all that exist, and the named ones that were deleted."""

    feeds: Mapping[FeedKey, Feed]
    endpoints: Mapping[FeedKey, Sequence[Endpoint]]


@value(frozen=True, slots=True, kw_only=True)
class EndpointDecision(Generic[R]):
    """What becomes of a batch of endpoint items: outcomes and `work` as in `Decision`, and rows to write.

    The feeds of written endpoints are created where they do not exist. `removed` lose their row. Where
    something deleted is written, no more than `deletions_per_feed` records of deleted ones are left of
    the feed (None: any number): the oldest go.
    """

    outcomes: Sequence[R | UnisonoError]
    endpoints: Sequence[Endpoint] = ()
    removed: Sequence[Endpoint] = ()
    deletions_per_feed: int | None = None
    work: float = field(default=0.0, compare=False)
