"""The values that commits exchange with a store: what an item reads, the view, and the decision."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from unisono.server.errors import UnisonoError
from unisono.server.model import Audience, Change, Endpoint, Feed, FeedKey, Notification
from unisono.server.model.value import value
from unisono.server.store.reads import MAX_EXAMINED_ROWS

R = TypeVar("R")


@value(frozen=True, slots=True, kw_only=True)
class Scan:
    """A read of the live notifications of a feed in the order of creation, to mark or delete many.

    Finds at most `limit` notifications with `after < create_revision <= until`, of the group (None: any),
    meant for the audience (None: any). With a group or an audience it examines at most `max_examined` rows,
    or `limit` if that is more.
    """

    group_name: str | None = None
    audience: Audience | None = None
    after: int = 0
    until: int
    limit: int = 500
    max_examined: int = MAX_EXAMINED_ROWS

    @property
    def is_narrowed(self) -> bool:
        """Whether the scan may skip rows, because it has a group or an audience."""
        return self.group_name is not None or self.audience is not None


class Scanned(NamedTuple):
    """The ids that a scan found, in order of creation, and the create_revision to go on after, if any."""

    ids: tuple[str, ...] = ()
    resume_after: int | None = None


class SendKey(NamedTuple):
    """The lookup of a send: the live row with its `app_notification_id`, and tombstones with its content."""

    key: str
    fingerprint: bytes


@value(frozen=True, slots=True, kw_only=True)
class Room:
    """The room for one more notification of `size` bytes.

    Where the feed would hold more than `max_live` notifications, or than `max_bytes`, what may give way is
    read, without payloads: of the feed's live rows, those that had expired at `now` (ms since 1970), and the
    oldest settled ones, as many as the room takes.
    """

    size: int
    max_live: int
    max_bytes: int
    now: int


MAX_DISPLACED: Final = 64
"""How many settled rows give way to one send at most (proto field SendResult.displaced_ids)."""


@value(frozen=True, slots=True, kw_only=True)
class ReadSet:
    """The rows of its feed that an item of a commit reads before it is decided.

    `ids` finds live rows and tombstones. `keys` (each an `app_notification_id`) finds, for each sender role,
    the live row and the newest tombstone; `sends` finds the live row and the tombstones with the same
    fingerprint. Older rows with the key are not read, however many there are. Payloads are read only if
    `payload` is set. `room` reads what may give way to a send.
    """

    feed: FeedKey
    ids: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    sends: tuple[SendKey, ...] = ()
    scan: Scan | None = None
    room: Room | None = None
    payload: bool = False

    @property
    def named(self) -> bool:
        """Whether the read set names any row, by id or by key."""
        return bool(self.ids or self.keys or self.sends)


def shortage(feed: Feed, rooms: Sequence[Room]) -> tuple[int, int]:
    """Return how many notifications, and how many bytes, have to leave a feed so that all have room."""
    live = feed.live + len(rooms) - min(room.max_live for room in rooms)
    size = feed.size + sum(room.size for room in rooms) - min(room.max_bytes for room in rooms)
    return max(live, 0), max(size, 0)


class Item(Protocol):
    """One thing to commit to a feed."""

    @property
    def read_set(self) -> ReadSet:
        """The rows that `decide` has to see for this item."""


@value(frozen=True, slots=True, kw_only=True)
class View:
    """The state that the items of a batch read, inside the transaction that will write the decision.

    `feeds` has each feed of the batch; one that does not exist yet has revision 0 and a new epoch. `rows` has
    the rows that were read, by feed, each once; a feed without rows may be absent. `scans` has what the scan
    of the item at index i found, at key i.
    """

    feeds: Mapping[FeedKey, Feed]
    rows: Mapping[FeedKey, Sequence[Notification]]
    scans: Mapping[int, Scanned] = field(default_factory=dict)


@value(frozen=True, slots=True, kw_only=True)
class Decision(Generic[R]):
    """The result of deciding a batch: outcomes for the callers, and what to write.

    `outcomes` has one entry for each item, in order: its result, or the error that this item alone gets.
    `feeds` and `rows` are written, each in its last form. A row is new, or was in the view and keeps its key,
    sender role and target policy. Revisions are unique within a feed, and a removed row has a later one than
    its creation had. `changes` has, by feed, one entry for each revision taken, in order. `work` is set by
    the store: processor seconds that the commit took, without waiting; 0 where unknown.
    """

    outcomes: Sequence[R | UnisonoError]
    feeds: Sequence[Feed] = ()
    rows: Sequence[Notification] = ()
    changes: Mapping[FeedKey, Sequence[Change]] = field(default_factory=dict)
    work: float = field(default=0.0, compare=False)


class EndpointItem(Protocol):
    """One thing to commit about an endpoint, named by its feed and its id."""

    @property
    def feed(self) -> FeedKey: ...
    @property
    def endpoint_id(self) -> str: ...


@value(frozen=True, slots=True, kw_only=True)
class EndpointView:
    """The endpoints of the feeds of a batch: all that exist, and those deleted ones that an item names.

    `feeds` is as in `View`.
    """

    feeds: Mapping[FeedKey, Feed]
    endpoints: Mapping[FeedKey, Sequence[Endpoint]]


@value(frozen=True, slots=True, kw_only=True)
class EndpointDecision(Generic[R]):
    """The result of deciding a batch of endpoint items; `outcomes` and `work` are as in `Decision`.

    `endpoints` are written, and their feeds created where they do not exist; the rows of `removed` are
    deleted. `feeds` are those whose number of endpoints changes with that, or was not known, as they are
    written. Where a deleted endpoint is written, its feed remembers at most `deletions_per_feed` deleted
    endpoints (None: any number), and the oldest go.
    """

    outcomes: Sequence[R | UnisonoError]
    endpoints: Sequence[Endpoint] = ()
    removed: Sequence[Endpoint] = ()
    feeds: Sequence[Feed] = ()
    deletions_per_feed: int | None = None
    work: float = field(default=0.0, compare=False)
