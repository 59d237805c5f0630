"""What a store is asked besides commits, and what it answers. Knows no SQL."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from unisono.server.model import Audience, Feed, FeedKey, ReadState, UserActionState
from unisono.server.model.value import value

LOOKS: Final = 1000
"""How many rows whatever picks some of them looks at in one go, unless it may return more than that."""


class Standing(NamedTuple):
    """Where a feed stands: its epoch, and its last revision."""

    epoch: bytes
    revision: int


@value(frozen=True, slots=True, kw_only=True)
class EndpointActivity:
    """A sign of life of an endpoint, written lazily. Acts by the largest time and revision.

    `ended_session`, if it is still the endpoint's session, is taken out of its row.
    """

    feed: FeedKey
    endpoint_id: str
    time: int
    acknowledged_revision: int = 0
    ended_session: str = ""


class EncodedRow(NamedTuple):
    """A stored row with its encoding: where it is in the feed, and how it is sent.

    `removal` is the change that removed it (see `ChangeType`), None while it is live. `target` is the key
    of its target policy. `encoded` is its encoding (see `base.Encode`), `payload` its encoded payload, None
    where it was not asked for.
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
    """A page of the net state after a cursor, in the order of revisions, from one snapshot.

    `complete` means that nothing follows `rows` up to `feed.revision`.
    """

    feed: Feed
    rows: Sequence[EncodedRow]
    complete: bool


@value(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """What a history is narrowed to; None lets everything pass. Times are milliseconds."""

    read_state: ReadState | None = None
    user_action_state: UserActionState | None = None
    group_name: str | None = None
    start_time: int | None = None
    end_time: int | None = None
    audience: Audience | None = None

    @property
    def narrows(self) -> bool:
        """Whether anything does not pass."""
        return self != EVERYTHING


EVERYTHING: Final = ListFilter()


@value(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """A page of the history, newest first, from one snapshot. `standing` is None where there is no feed.

    The next page is what is below the create_revision `resume_before`; None: nothing is left. A page that
    has looked at many rows is short, or empty, and not the last.
    """

    standing: Standing | None
    rows: Sequence[EncodedRow]
    resume_before: int | None


@value(frozen=True, slots=True, kw_only=True)
class Due:
    """A notification that has something to do because time has passed."""

    feed: FeedKey
    id: str


@value(frozen=True, slots=True, kw_only=True)
class Retention:
    """What to forget. Times are milliseconds since 1970; at most `limit` rows in one call.

    Tombstones removed before `tombstones_before`, and the oldest beyond `tombstones_per_feed`;
    endpoints not seen since `endpoints_before` and without a session; records of endpoints deleted
    before `deletions_before`; and, not counted, the feeds to which nothing is left then.
    """

    tombstones_before: int
    tombstones_per_feed: int
    endpoints_before: int
    deletions_before: int
    limit: int
