"""The paged reads of a store: pages end at a number of rows or of bytes, counted in the database.

Each is one statement: first the rows that may be in the page, by place and size alone, then the content
of those that are.
"""

from collections.abc import Sequence
from typing import Any

from unisono.server.model import Audience, Feed, FeedKey, Notification
from unisono.server.store.reads import Changes, ListFilter, Page
from unisono.server.store.sqlite import rows
from unisono.server.store.sqlite.readers import Readers, Records
from unisono.server.store.sqlite.sql import FEED, MEANT, PAYLOAD, ROW, STATE, compose

# One row more than the limit is looked at, so that `found` tells whether anything is left.
_PAGE = """
    WITH f AS (SELECT * FROM feeds WHERE app_id = :app_id AND user_id = :user_id),
    candidates AS (
        SELECT n.rowid AS place, n.{order} AS position, {size} AS size
        FROM notifications AS n
        WHERE n.feed = (SELECT feed FROM f) AND {condition}
        ORDER BY n.{order} {direction} LIMIT :limit + 1
    ),
    counted AS (
        SELECT place, row_number() OVER sorted AS number, sum(size) OVER sorted AS bytes,
            count(*) OVER () AS found
        FROM candidates WINDOW sorted AS (ORDER BY position {direction})
    )
    SELECT {feed}, counted.found, {row}
    FROM f
    LEFT JOIN counted ON number <= :limit AND (number = 1 OR bytes <= :max_bytes)
    LEFT JOIN notifications AS n ON n.rowid = counted.place
    ORDER BY number
    """

_NEWS = "n.content_revision > :known"
_PAYLOAD_OF_NEWS = ", ".join(f"iif({_NEWS}, {column}, NULL)" for column in PAYLOAD)

_CHANGES = compose(
    _PAGE,
    order="revision",
    direction="ASC",
    size=f"iif({_NEWS}, n.size, 0)",
    condition=f"n.revision > :after AND {MEANT}",
    feed=FEED,
    row=f"{STATE}, {_PAYLOAD_OF_NEWS}",
)

_HISTORY = compose(
    _PAGE,
    order="create_revision",
    direction="DESC",
    size="n.size",
    condition=f"""n.removal IS NULL AND n.create_revision < :before
        AND (:read_state IS NULL OR n.read_state = :read_state)
        AND (:user_action_state IS NULL OR n.user_action_state = :user_action_state)
        AND (:group_name IS NULL OR n.group_name = :group_name)
        AND (:start_time IS NULL OR n.create_time >= :start_time)
        AND (:end_time IS NULL OR n.create_time < :end_time)
        AND (:endpoint_id IS NULL OR {MEANT})""",
    feed=FEED,
    row=ROW,
)

_NO_BOUND = 2**63 - 1


async def read_changes(
    readers: Readers,
    key: FeedKey,
    audience: Audience,
    *,
    after: int,
    known: int,
    limit: int,
    max_bytes: int,
) -> Changes:
    """The net state after a revision. Raises LookupError where there is no feed."""
    values = {"after": after, "known": known, "limit": limit, "max_bytes": max_bytes}
    records = await readers.fetch(_CHANGES, {**key._asdict(), **_audience(audience), **values})
    feed, found, more = _page(key, records)
    if feed is None:
        raise LookupError(f"there is no feed {key}")
    return Changes(feed=feed, rows=found, complete=not more)


async def read_history(
    readers: Readers,
    key: FeedKey,
    where: ListFilter,
    *,
    before: int | None,
    limit: int,
    max_bytes: int,
) -> Page:
    """Live rows, newest first."""
    values = {
        "before": _NO_BOUND if before is None else before,
        "limit": limit,
        "max_bytes": max_bytes,
        "read_state": where.read_state and int(where.read_state),
        "user_action_state": where.user_action_state and int(where.user_action_state),
        "group_name": where.group_name,
        "start_time": where.start_time,
        "end_time": where.end_time,
    }
    records = await readers.fetch(_HISTORY, {**key._asdict(), **_audience(where.audience), **values})
    feed, found, more = _page(key, records)
    return Page(feed=feed, rows=found, more=more)


def _audience(audience: Audience | None) -> dict[str, Any]:
    if audience is None:
        return {"endpoint_id": None, "platform": None}
    return {"endpoint_id": audience.endpoint_id, "platform": int(audience.platform)}


def _page(key: FeedKey, records: Records) -> tuple[Feed | None, Sequence[Notification], bool]:
    """The feed, the rows of the page, and whether there are more of them."""
    if not records:
        return None, (), False
    found = records[0][5] or 0
    page = [rows.notification(key, record[6:]) for record in records if record[5] is not None]
    return rows.feed(key, records[0][:5]), page, found > len(page)
