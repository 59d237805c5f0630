"""The values that the reads of a store take and return, and the bounds of a purge."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from unisono.server.model import (
    Audience,
    Endpoint,
    Feed,
    FeedKey,
    Notification,
    ReadState,
    UserActionState,
)
from unisono.server.model.value import value

MAX_EXAMINED_ROWS: Final = 1000
"""How many rows a filtered read examines at a time, unless it may return more than that (the promise
Fair).
"""


class Standing(NamedTuple):
    """How far a feed is: its epoch, and the revision of its last change."""

    epoch: bytes
    revision: int


@value(frozen=True, slots=True, kw_only=True)
class EndpointActivity:
    """Activity of an endpoint: when it was last seen (ms since 1970), and the revision that it acknowledged.

    Written some seconds later, so a crash may lose it; the row keeps the largest time and revision. The
    revision is no news of other registrations of the id than that which `registrations` counts, and of other
    feeds of the user than that with `feed_epoch`, if that is given.
    `ended_session` is removed from the row if it is still the endpoint's session; empty: no session ended.
    """

    feed: FeedKey
    endpoint_id: str
    time: int
    acknowledged_revision: int = 0
    registrations: int = 0
    feed_epoch: bytes = b""
    ended_session: str = ""


class Counted(NamedTuple):
    """A number of what was counted; `more`: there may be more."""

    number: int
    more: bool


@value(frozen=True, slots=True, kw_only=True)
class StoreContents:
    """What a store holds: the version of its schema, bytes of its files, of which `free_bytes` are empty, and
    how many feeds, endpoints that are not deleted, and live notifications.
    """

    schema_version: int
    size_bytes: int
    free_bytes: int
    feeds: Counted
    endpoints: Counted
    notifications: Counted


@value(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What is to be inspected of a feed: what `ids` and `keys` name, as in `Store.find`; without any, the
    newest `limit` live notifications with a create_revision below `before`, and without that also the latest
    `limit` tombstones. Of endpoints it is at most `endpoints`, and as many again that were deleted last.
    """

    ids: Sequence[str] = ()
    keys: Sequence[str] = ()
    before: int | None = None
    limit: int
    endpoints: int


@value(frozen=True, slots=True, kw_only=True)
class Inspection:
    """A feed, its endpoints in the order of registration and those that were deleted, the latest first, and
    rows without payloads, from one snapshot: live ones, newest first, then tombstones, the latest first.
    """

    feed: Feed
    endpoints: Sequence[Endpoint]
    deleted_endpoints: Sequence[Endpoint]
    rows: Sequence[Notification]


class Bar(NamedTuple):
    """A user of an app who is barred `until` a time (ms since 1970), known only by a keyed hash, `mark`."""

    app_id: str
    mark: bytes
    until: int


class EncodedRow(NamedTuple):
    """A stored row with its encoding, for catch-up and history.

    `rings_until` is as in `Notification`. `removal` is the `ChangeType` that removed it, None while it is
    live. `target` is the key of its target policy. `encoded` comes from the store's `base.Encode`; `payload`
    is encoded too, and None where it was not asked for.
    """

    revision: int
    create_revision: int
    content_revision: int
    alert_revision: int
    rings_until: int
    removal: int | None
    target: str
    encoded: bytes
    payload: bytes | None


@value(frozen=True, slots=True, kw_only=True)
class Changes:
    """A page of the net state of a feed after a cursor, in the order of revisions, from one snapshot.

    `complete` is set when nothing follows `rows` up to `feed.revision`.
    """

    feed: Feed
    rows: Sequence[EncodedRow]
    complete: bool


@value(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """Conditions on the rows of a history; None, the default, lets all pass.

    Times are milliseconds since 1970; `start_time` is inclusive, `end_time` exclusive.
    """

    read_state: ReadState | None = None
    user_action_state: UserActionState | None = None
    group_name: str | None = None
    category: str | None = None
    start_time: int | None = None
    end_time: int | None = None
    audience: Audience | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether any condition is set."""
        return self != EVERYTHING


EVERYTHING: Final = ListFilter()


@value(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """A page of the history, newest first, from one snapshot. `standing` is None where there is no feed.

    The next page is below the create_revision `resume_before`; None means that nothing is left. A short or
    even empty page is not the last one if it has examined as many rows as it may.
    """

    standing: Standing | None
    rows: Sequence[EncodedRow]
    resume_before: int | None


@value(frozen=True, slots=True, kw_only=True)
class ChangesPage:
    """A page of what changed in a feed, in the order of revisions, from one snapshot.

    `standing` is None where there is no feed; `floor` is as in `Feed`. The next page is after the revision
    `resume_after`; None means that nothing follows up to the feed's revision. As in `HistoryPage`, a short or
    even empty page is not the last one if it has examined as many rows as it may.
    """

    standing: Standing | None
    floor: int
    rows: Sequence[EncodedRow]
    resume_after: int | None


@value(frozen=True, slots=True, kw_only=True)
class Due:
    """A notification that has expired, or whose snooze has ended, at `time` (ms since 1970)."""

    feed: FeedKey
    id: str
    time: int


@value(frozen=True, slots=True, kw_only=True)
class PurgeBounds:
    """The bounds of a purge, at most `limit` rows in one call. Times are milliseconds since 1970.

    A purge deletes tombstones removed before `tombstones_before`, and the oldest beyond
    `tombstones_per_feed`; endpoints without a session not seen since `endpoints_before`, or ephemeral and not
    since `ephemeral_before`; endpoints deleted before `deletions_before`; bars that ended before
    `bars_before`; and the feeds that this leaves empty, which do not count.
    """

    tombstones_before: int
    tombstones_per_feed: int
    endpoints_before: int
    deletions_before: int
    ephemeral_before: int = 0
    bars_before: int = 0
    limit: int
